#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace seance::images {

// One entry of a layer. Folders on the way to it are made by themselves, mode 0755.
struct LayerEntry {
    std::string path;      // inside the image, with or without a leading "/"
    unsigned mode = 0444;  // never taken from the disk: it differs between checkouts
    std::string source;    // a file to read; "": `content` is the file
    std::string content;
    bool is_directory = false;
};

// Bytes that a registry stores under their digest. Kept compressed and in memory.
struct Blob {
    std::string media_type;
    std::string digest;  // sha256:… of `bytes`
    std::shared_ptr<const std::string> bytes;

    std::uint64_t size() const { return bytes->size(); }
};

struct Layer {
    Blob blob;               // the compressed archive
    std::string diff_id;     // sha256:… of the archive itself
    std::uint64_t unpacked;  // its size
};

inline constexpr std::size_t kMostEntries = 20'000;
inline constexpr std::uint64_t kMostUnpacked = 1ull << 30;

// The same entries give the same bytes, in whatever order they come. Holds the whole archive,
// blocks on the disk and computes for some tenths of a second: call it on a worker.
Outcome<Layer> build_layer(std::vector<LayerEntry> entries, std::int64_t modified);

// "sha256:" and the digest of `bytes`.
std::string digest_of(std::string_view bytes);

}  // namespace seance::images
