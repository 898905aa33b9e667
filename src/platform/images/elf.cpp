#include "platform/images/elf.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <cstring>
#include <optional>

#include "core/base/text.hpp"

namespace seance::images {
namespace {

constexpr std::size_t kMostSegments = 128, kMostDynamic = 4096, kMostLibraries = 512, kMostText = 4096;

// A structure at an offset of the file, if it is inside.
template <class T>
std::optional<T> structure(std::string_view file, std::uint64_t at) {
    if (at > file.size() || file.size() - at < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, file.data() + at, sizeof value);
    return value;
}

// A text that ends with a zero byte before the end of `file` and before it gets absurd.
std::optional<std::string> text_at(std::string_view file, std::uint64_t at) {
    if (at >= file.size()) return std::nullopt;
    auto rest = file.substr(at, kMostText);
    auto end = rest.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    return std::string(rest.substr(0, end));
}

std::string architecture_of(Elf64_Half machine) {
    if (machine == EM_X86_64) return "amd64";
    if (machine == EM_AARCH64) return "arm64";
    return {};
}

// One reading of one file; each step says what is wrong with it.
class Reader {
  public:
    Reader(std::string_view file, std::string_view name) : file_(file), name_(name) {}

    Outcome<ElfNeeds> read() {
        auto header = structure<Elf64_Ehdr>(file_, 0);
        if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
            return wrong("is not a program: it does not begin as an ELF file");
        if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
            return wrong("is not a 64-bit little-endian program");
        needs_.architecture = architecture_of(header->e_machine);
        if (needs_.architecture.empty()) return wrong("is for a machine other than amd64 and arm64");
        if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
            return wrong("is neither a program nor a shared library");
        if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum > kMostSegments)
            return wrong("has a table of segments of the wrong size");
        for (std::size_t i = 0; i < header->e_phnum; ++i) {
            auto segment = structure<Elf64_Phdr>(file_, header->e_phoff + i * sizeof(Elf64_Phdr));
            // An offset near the top of 64 bits wraps; then it is not behind the table's begin.
            if (!segment || header->e_phoff > file_.size())
                return wrong("is cut off in its table of segments");
            segments_.push_back(*segment);
        }
        for (const auto& segment : segments_) {
            if (segment.p_type == PT_INTERP) {
                auto path = text_at(file_, segment.p_offset);
                if (!path || !path->starts_with('/')) return wrong("names its loader outside of the file");
                needs_.interpreter = *path;
            }
            if (segment.p_type == PT_DYNAMIC)
                if (auto problem = read_dynamic(segment)) return *problem;
        }
        return needs_;
    }

  private:
    Problem wrong(std::string_view finding) const { return {fmt::format("{} {}", name_, finding)}; }

    // The file's offset of an address in memory.
    std::optional<std::uint64_t> offset_of(std::uint64_t address) const {
        for (const auto& segment : segments_)
            if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
                address - segment.p_vaddr < segment.p_filesz)
                return segment.p_offset + (address - segment.p_vaddr);
        return std::nullopt;
    }

    std::optional<Problem> read_dynamic(const Elf64_Phdr& segment) {
        std::vector<std::uint64_t> libraries, runpath, rpath;
        std::optional<std::uint64_t> strings_address, strings_size;
        const auto most = std::min<std::uint64_t>(segment.p_filesz / sizeof(Elf64_Dyn), kMostDynamic + 1);
        for (std::uint64_t i = 0; i < most; ++i) {
            if (i == kMostDynamic) return wrong("has a dynamic table without an end");
            auto entry = segment.p_offset > file_.size()
                             ? std::nullopt
                             : structure<Elf64_Dyn>(file_, segment.p_offset + i * sizeof(Elf64_Dyn));
            if (!entry) return wrong("is cut off in its dynamic table");
            if (entry->d_tag == DT_NULL) break;
            if (entry->d_tag == DT_NEEDED) libraries.push_back(entry->d_un.d_val);
            if (entry->d_tag == DT_RUNPATH) runpath.push_back(entry->d_un.d_val);
            if (entry->d_tag == DT_RPATH) rpath.push_back(entry->d_un.d_val);
            if (entry->d_tag == DT_STRTAB) strings_address = entry->d_un.d_ptr;
            if (entry->d_tag == DT_STRSZ) strings_size = entry->d_un.d_val;
        }
        if (libraries.size() > kMostLibraries)
            return wrong(fmt::format("needs more than {} libraries", kMostLibraries));
        if (libraries.empty() && runpath.empty() && rpath.empty()) return std::nullopt;
        auto start = strings_address ? offset_of(*strings_address) : std::nullopt;
        if (!start || *start > file_.size() || !strings_size || *strings_size > file_.size() - *start)
            return wrong("has its table of names outside of the file");
        auto strings = file_.substr(*start, *strings_size);
        for (auto at : libraries) {
            auto library = text_at(strings, at);
            if (!library || library->empty() || library->find('/') != std::string::npos)
                return wrong("needs a library whose name cannot be one");
            needs_.libraries.push_back(*library);
        }
        for (auto at : runpath.empty() ? rpath : runpath) {
            auto folders = text_at(strings, at);
            if (!folders) return wrong("has a library path outside of its table of names");
            for (auto folder : split(*folders, ':'))
                if (!folder.empty()) needs_.folders.emplace_back(folder);
        }
        return std::nullopt;
    }

    std::string_view file_, name_;
    std::vector<Elf64_Phdr> segments_;
    ElfNeeds needs_;
};

}  // namespace

Outcome<ElfNeeds> parse_elf(std::string_view file, std::string_view name) {
    return Reader(file, name).read();
}

}  // namespace seance::images
