#include "platform/images/tar.hpp"

#include <gtest/gtest.h>

#include "core/base/hash.hpp"

namespace seance::images {
namespace {

std::string path_of(std::size_t folder, std::size_t name) {
    std::string path(folder, 'f');
    path += '/';
    return path.append(name, 'n');
}

struct TarWriterTest : testing::Test {
    std::string out;
    TarWriter tar{[this](std::string_view bytes) { out += bytes; }, 1'700'000'000};

    std::string text(std::size_t at, std::size_t width) const {
        auto field = std::string_view(out).substr(at, width);
        return std::string(field.substr(0, field.find('\0')));
    }
};

TEST_F(TarWriterTest, WritesUstarWithoutAnythingOfThisMachine) {
    ASSERT_TRUE(tar.file("bin/program", 0555, 3));
    tar.content("abc");
    tar.finish();

    ASSERT_EQ(out.size(), 512u * 4);
    EXPECT_EQ(text(0, 100), "bin/program");
    EXPECT_EQ(text(100, 8), "0000555");
    EXPECT_EQ(text(108, 8), "0000000");
    EXPECT_EQ(text(116, 8), "0000000");
    EXPECT_EQ(text(124, 12), "00000000003");
    EXPECT_EQ(text(136, 12), "14524770400");
    EXPECT_EQ(out.substr(257, 8), std::string("ustar\00000", 8));
    EXPECT_EQ(text(265, 32), "") << "the owner has no name";
    EXPECT_EQ(out.substr(512, 4), std::string("abc\0", 4));
    EXPECT_EQ(out.substr(1024), std::string(1024, '\0'));
}

TEST_F(TarWriterTest, ChecksItsHeaders) {
    ASSERT_TRUE(tar.directory("tmp", 01777));
    unsigned sum = 0;
    for (std::size_t i = 0; i < 512; ++i)
        sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(out[i]);

    EXPECT_EQ(std::stoul(out.substr(148, 6), nullptr, 8), sum);
    EXPECT_EQ(text(0, 100), "tmp/");
    EXPECT_EQ(text(100, 8), "0001777");
    EXPECT_EQ(out[156], '5');
}

TEST_F(TarWriterTest, CutsALongPathIntoPrefixAndName) {
    ASSERT_TRUE(tar.file(path_of(155, 100), 0444, 0));

    EXPECT_EQ(out.substr(0, 100), std::string(100, 'n'));
    EXPECT_EQ(out.substr(345, 155), std::string(155, 'f'));
}

TEST_F(TarWriterTest, RefusesAPathThatDoesNotFit) {
    EXPECT_FALSE(tar.file(path_of(156, 1), 0444, 0));
    EXPECT_FALSE(tar.file(path_of(1, 101), 0444, 0));
    EXPECT_FALSE(tar.directory(path_of(1, 100), 0755)) << "its slash is one too many";
    EXPECT_EQ(out, "");
}

TEST_F(TarWriterTest, RefusesAPathThatLeavesTheImage) {
    for (auto bad : {"", "/etc", "a/../b", "..", "./a", "a//b", "a/"})
        EXPECT_FALSE(tar.file(bad, 0444, 0)) << bad;
}

TEST_F(TarWriterTest, KeepsTheSizeThatWasPromised) {
    ASSERT_TRUE(tar.file("a", 0444, 2));
    EXPECT_THROW(tar.content("abc"), std::logic_error);
    tar.content("a");
    EXPECT_THROW((void)tar.file("b", 0444, 0), std::logic_error);
    tar.content("b");
    EXPECT_TRUE(tar.file("b", 0444, 0));
}

}  // namespace
}  // namespace seance::images
