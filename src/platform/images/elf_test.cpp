#include "platform/images/elf.hpp"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>

#include "platform/images/libraries.hpp"

namespace seance::images {
namespace {

// The smallest dynamic program that says all we read: one PT_LOAD over the whole file, PT_INTERP, PT_DYNAMIC.
struct MadeElf {
    static constexpr std::uint64_t kBase = 0x400000;
    Elf64_Ehdr header{};
    Elf64_Phdr load{}, interp{}, dynamic{};
    std::vector<Elf64_Dyn> entries;
    std::string strings = std::string("\0libc.so.6\0$ORIGIN/../lib:/opt/lib\0", 36);
    std::string interpreter = std::string("/lib64/ld-linux-x86-64.so.2\0", 28);

    MadeElf() {
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_type = ET_DYN;
        header.e_machine = EM_X86_64;
        header.e_phoff = sizeof header;
        header.e_phentsize = sizeof load;
        header.e_phnum = 3;
        auto strings_at = sizeof header + 3 * sizeof load;
        auto interpreter_at = strings_at + strings.size();
        auto dynamic_at = interpreter_at + interpreter.size();
        entries = {entry(DT_NEEDED, 1), entry(DT_RUNPATH, 11), entry(DT_STRTAB, kBase + strings_at),
                   entry(DT_STRSZ, strings.size()), entry(DT_NULL, 0)};
        load.p_type = PT_LOAD;
        load.p_vaddr = kBase;
        load.p_filesz = dynamic_at + entries.size() * sizeof(Elf64_Dyn);
        interp.p_type = PT_INTERP;
        interp.p_offset = interpreter_at;
        dynamic.p_type = PT_DYNAMIC;
        dynamic.p_offset = dynamic_at;
        dynamic.p_filesz = entries.size() * sizeof(Elf64_Dyn);
    }
    static Elf64_Dyn entry(std::int64_t tag, std::uint64_t value) {
        Elf64_Dyn out{};
        out.d_tag = tag;
        out.d_un.d_val = value;
        return out;
    }
    std::string bytes() const {
        std::string out;
        auto put = [&out](const auto& item) {
            out.append(reinterpret_cast<const char*>(&item), sizeof item);
        };
        put(header);
        put(load);
        put(interp);
        put(dynamic);
        out += strings + interpreter;
        for (const auto& item : entries) put(item);
        return out;
    }
};

std::string finding(const MadeElf& elf) {
    auto needs = parse_elf(elf.bytes(), "p");
    return needs ? "fine" : needs.error().what;
}

TEST(Elf, TellsLoaderLibrariesAndFolders) {
    auto needs = parse_elf(MadeElf().bytes(), "p");

    ASSERT_TRUE(needs) << needs.error().what;
    EXPECT_EQ(needs->architecture, "amd64");
    EXPECT_EQ(needs->interpreter, "/lib64/ld-linux-x86-64.so.2");
    EXPECT_EQ(needs->libraries, std::vector<std::string>{"libc.so.6"});
    EXPECT_EQ(needs->folders, (std::vector<std::string>{"$ORIGIN/../lib", "/opt/lib"}));
}

TEST(Elf, ReadsThisVeryTest) {
    auto self = read_file("/proc/self/exe", kMostElf);
    if (!self) self = read_file("/bin/true", kMostElf);

    auto needs = parse_elf(*self, "self");

    ASSERT_TRUE(needs) << needs.error().what;
    EXPECT_NE(std::find(needs->libraries.begin(), needs->libraries.end(), "libc.so.6"),
              needs->libraries.end());
}

TEST(Elf, RefusesWhatIsNoProgram) {
    EXPECT_EQ(parse_elf("#!/bin/sh\n", "run").error().what,
              "run is not a program: it does not begin as an ELF file");
    EXPECT_EQ(parse_elf("", "run").error().what, "run is not a program: it does not begin as an ELF file");
    MadeElf elf;
    elf.header.e_ident[EI_CLASS] = ELFCLASS32;
    EXPECT_EQ(finding(elf), "p is not a 64-bit little-endian program");
    elf = {};
    elf.header.e_machine = EM_RISCV;
    EXPECT_EQ(finding(elf), "p is for a machine other than amd64 and arm64");
    elf = {};
    elf.header.e_type = ET_REL;
    EXPECT_EQ(finding(elf), "p is neither a program nor a shared library");
}

TEST(Elf, RefusesOffsetsOutsideOfTheFile) {
    const std::uint64_t wild[] = {~0ull, ~0ull - 55, 1ull << 63, 100'000};
    for (auto offset : wild) {
        MadeElf elf;
        elf.header.e_phoff = offset;
        EXPECT_EQ(finding(elf), "p is cut off in its table of segments");
        elf = {};
        elf.interp.p_offset = offset;
        EXPECT_EQ(finding(elf), "p names its loader outside of the file");
        elf = {};
        elf.dynamic.p_offset = offset;
        EXPECT_EQ(finding(elf), "p is cut off in its dynamic table");
        elf = {};
        elf.entries[0].d_un.d_val = offset;
        EXPECT_EQ(finding(elf), "p needs a library whose name cannot be one");
        elf = {};
        elf.entries[1].d_un.d_val = offset;
        EXPECT_EQ(finding(elf), "p has a library path outside of its table of names");
        elf = {};
        elf.entries[2].d_un.d_val = offset;
        EXPECT_EQ(finding(elf), "p has its table of names outside of the file");
        elf = {};
        elf.entries[3].d_un.d_val = offset;
        EXPECT_EQ(finding(elf), "p has its table of names outside of the file");
    }
}

TEST(Elf, RefusesALibraryThatIsAPath) {
    MadeElf elf;
    elf.strings[5] = '/';
    EXPECT_EQ(finding(elf), "p needs a library whose name cannot be one");
}

TEST(Elf, RefusesTablesWithoutAnEnd) {
    MadeElf elf;
    elf.header.e_phnum = 129;
    EXPECT_EQ(finding(elf), "p has a table of segments of the wrong size");
    elf = {};
    elf.entries.assign(5000, MadeElf::entry(DT_DEBUG, 0));
    elf.dynamic.p_filesz = 5000 * sizeof(Elf64_Dyn);
    EXPECT_EQ(finding(elf), "p has a dynamic table without an end");
}

TEST(Elf, SurvivesBeingCutAnywhere) {
    auto whole = MadeElf().bytes();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        std::string cut(whole, 0, size);  // of its own, so that a sanitizer sees a read behind it
        auto needs = parse_elf(cut, "p");
        EXPECT_TRUE(needs || !needs.error().what.empty());
    }
}

}  // namespace
}  // namespace seance::images
