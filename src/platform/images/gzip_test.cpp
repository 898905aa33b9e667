#include "platform/images/gzip.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include "core/base/hash.hpp"

namespace seance::images {
namespace {

std::string gunzip(const std::string& data) {
    z_stream z{};
    inflateInit2(&z, 16 + 15);
    std::string out(1 << 20, '\0');
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    z.avail_in = static_cast<uInt>(data.size());
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(inflate(&z, Z_FINISH), Z_STREAM_END);
    EXPECT_EQ(z.avail_in, 0u) << "one stream and nothing behind it";
    out.resize(z.total_out);
    inflateEnd(&z);
    return out;
}

std::string sample() {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += std::to_string(i * i % 977) + ' ';
    return text;
}

TEST(Gzip, GivesBackWhatItTook) {
    EXPECT_EQ(gunzip(gzip(sample())), sample());
    EXPECT_EQ(gunzip(gzip("")), "");
}

TEST(Gzip, HasAHeaderWithoutTimeNameOrSystem) {
    EXPECT_EQ(gzip("x").substr(0, 10), std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10));
}

// If this fails, libdeflate compresses differently than the one that made the images before: their digests
// change.
TEST(Gzip, IsStillTheCompressorThatImagesWereMadeWith) {
    EXPECT_EQ(sha256_hex(gzip(sample())), "17d2dd4cfe32a251552881e552a9e611432773c98c92f3697c856f26ced81c19");
}

}  // namespace
}  // namespace seance::images
