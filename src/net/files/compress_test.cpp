#include "net/files/compress.hpp"

#include <brotli/decode.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace seance::files {
namespace {

std::string repeated(std::size_t size) {
    std::string text;
    while (text.size() < size) text += "Claude Code, together. " + std::to_string(text.size()) + "\n";
    text.resize(size);
    return text;
}

std::string unpack(Coding coding, const std::string& packed, std::size_t size) {
    std::string out(size, '\0');
    auto in = reinterpret_cast<const unsigned char*>(packed.data());
    auto to = reinterpret_cast<unsigned char*>(out.data());
    std::size_t written = size;
    if (coding == Coding::Brotli) {
        BrotliDecoderDecompress(packed.size(), in, &written, to);
    } else if (coding == Coding::Zstd) {
        written = ZSTD_decompress(to, size, in, packed.size());
    } else {
        z_stream stream{};
        inflateInit2(&stream, MAX_WBITS + 16);
        stream.next_in = const_cast<unsigned char*>(in);
        stream.avail_in = static_cast<uInt>(packed.size());
        stream.next_out = to;
        stream.avail_out = static_cast<uInt>(size);
        inflate(&stream, Z_FINISH);
        written = stream.total_out;
        inflateEnd(&stream);
    }
    out.resize(written);
    return out;
}

}  // namespace

TEST(Compress, GivesBackWhatWentIn) {
    for (auto size : {std::size_t{256}, kHardest, kHardest + 1}) {
        auto text = repeated(size);
        for (auto coding : {Coding::Brotli, Coding::Zstd, Coding::Gzip}) {
            auto packed = compress(coding, text);
            ASSERT_TRUE(packed) << name_of(coding);
            EXPECT_LT(packed->size(), size) << name_of(coding);
            EXPECT_TRUE(looks_like(coding, *packed)) << name_of(coding);
            EXPECT_EQ(unpack(coding, *packed, size), text) << name_of(coding);
        }
    }
}

TEST(Compress, IsWorthItFromFivePercent) {
    EXPECT_TRUE(is_worth_it(95, 100));
    EXPECT_FALSE(is_worth_it(96, 100));
    EXPECT_FALSE(is_worth_it(1000, 1000));
}

TEST(Compress, KnowsForeignBytes) {
    EXPECT_FALSE(looks_like(Coding::Gzip, "plain"));
    EXPECT_FALSE(looks_like(Coding::Zstd, "\x1f\x8b"));
}

}  // namespace seance::files
