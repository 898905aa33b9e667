#pragma once
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace seance::images {

// A file that a program needs beside itself, and where its loader looks for it in an image.
struct NeededFile {
    std::string source;       // on this machine
    std::string destination;  // in the image, with a leading "/"
    std::string name;         // "libc.so.6"
};

struct ProgramNeeds {
    std::string architecture;  // "amd64"
    std::vector<NeededFile>
        files;  // the loader and every shared library, sorted by name; none of a static program
};

// Where this machine's loader looks for libraries: the folders of /etc/ld.so.conf and what it includes, then
// the standard ones.
std::vector<std::string> library_folders(const std::string& configuration = "/etc/ld.so.conf");

// Finds all that `program` needs, and what that needs in turn, as the loader would. What a program opens
// later by name (dlopen) is not among it; glibc 2.34 and newer has the resolver's parts built in.
Outcome<ProgramNeeds> find_needs(const std::string& program, const std::vector<std::string>& folders);

// A whole file; a sentence if it cannot be read or is larger than `most`.
Outcome<std::string> read_file(const std::string& path, std::uint64_t most);

}  // namespace seance::images
