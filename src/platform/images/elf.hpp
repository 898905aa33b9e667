#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace seance::images {

// What a program or shared library asks of the system it runs on.
struct ElfNeeds {
    std::string architecture;            // as images name it: "amd64", "arm64"
    std::string interpreter;             // the loader's path; "" of a static program or a library
    std::vector<std::string> libraries;  // DT_NEEDED, in their order
    std::vector<std::string> folders;    // DT_RUNPATH, else DT_RPATH; may begin with $ORIGIN
};

inline constexpr std::uint64_t kMostElf = 512ull << 20;

// Reads a 64-bit little-endian ELF file. `name` is what messages call it. Every offset is checked: the file
// may be truncated or made to harm.
Outcome<ElfNeeds> parse_elf(std::string_view file, std::string_view name);

}  // namespace seance::images
