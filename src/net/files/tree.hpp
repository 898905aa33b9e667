#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace seance::files {

// A file below a root, as found.
struct FoundFile {
    std::string path;              // "/assets/app.js", below the root
    std::filesystem::path source;  // without symbolic links
    std::uint64_t size = 0;
    std::int64_t modified = 0;  // nanoseconds since 1970
};

struct Tree {
    std::vector<FoundFile> files;      // sorted by path
    std::vector<std::string> ignored;  // a sentence for each thing that was left out and should be known
};

// Everything that can be asked for: regular files, also through symbolic links that stay below the root.
// Names with a dot in front are left out, except under /.well-known/. A problem if the root is no readable
// directory.
Outcome<Tree> scan_tree(const std::filesystem::path& root);

}  // namespace seance::files
