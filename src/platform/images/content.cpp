#include "platform/images/content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "core/base/hash.hpp"
#include "platform/images/native_images.hpp"

namespace seance::images {

namespace {

void mask(std::string& bytes, std::string_view commit) {
    for (auto at = bytes.find(commit); at != std::string::npos; at = bytes.find(commit, at + commit.size()))
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), commit.size(), '0');
}

// The linker's digest of what it wrote, the commit included: a note of type 3 by "GNU" (the ELF
// specification's notes: sizes of name and description, type, name, description, in 32-bit words).
void mask_build_id(std::string& bytes) {
    constexpr std::string_view kElf(
        "\x7f"
        "ELF",
        4),
        kNote("\x03\0\0\0GNU\0", 8);
    constexpr std::size_t kSizes = 8, kLongest = 64;
    if (!bytes.starts_with(kElf)) return;
    for (auto at = bytes.find(kNote); at != std::string::npos; at = bytes.find(kNote, at + kNote.size())) {
        const auto begin = at + kNote.size();
        if (at < kSizes || bytes.compare(at - kSizes, 4, std::string_view("\x04\0\0\0", 4)) != 0) continue;
        const auto size = static_cast<unsigned char>(bytes[at - 4]);
        if (size > kLongest || begin + size > bytes.size()) continue;
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(begin), size, '\0');
    }
}

}  // namespace

Outcome<std::string> content_of(const ImageSpec& spec, const Image& image, const Commit& commit) {
    auto entries = own_entries(spec);
    if (!entries) return entries.error();
    std::sort(entries->begin(), entries->end(),
              [](const LayerEntry& a, const LayerEntry& b) { return a.path < b.path; });
    std::string text;
    for (std::size_t i = 0; i + 1 < image.layers.size(); ++i) text += image.layers[i].digest + "\n";
    for (const auto& entry : *entries) {
        std::string bytes = entry.content;
        if (!entry.source.empty()) {
            std::ifstream file(entry.source, std::ios::binary);
            bytes.assign(std::istreambuf_iterator<char>(file), {});
            if (!file) return Problem{fmt::format("cannot read {}", entry.source)};
        }
        mask(bytes, commit.tag());
        mask_build_id(bytes);
        text += fmt::format("{} {:o} {} {}\n", entry.path, entry.mode, entry.is_directory, sha256_hex(bytes));
    }
    for (const auto& arg : spec.args) text += "arg " + arg + "\n";
    for (const auto& [name, value] : spec.env) text += "env " + name + "=" + value + "\n";
    text += fmt::format("port {} stop {}\n", spec.port, spec.stop_signal);
    return {boost::system::in_place_value, sha256_hex(text).substr(0, 32)};
}

}  // namespace seance::images
