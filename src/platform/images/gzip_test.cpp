#include "platform/images/gzip.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include "core/base/hash.hpp"

namespace seance::images {
namespace {

std::string gzip(std::string_view data, std::size_t piece) {
    std::string out;
    GzipWriter writer([&out](std::string_view bytes) { out += bytes; });
    for (std::size_t at = 0; at < data.size(); at += piece) writer.write(data.substr(at, piece));
    writer.finish();
    return out;
}

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

TEST(GzipWriter, GivesBackWhatItTook) {
    EXPECT_EQ(gunzip(gzip(sample(), 4096)), sample());
    EXPECT_EQ(gunzip(gzip("", 1)), "");
}

TEST(GzipWriter, DoesNotDependOnHowItsInputIsCut) {
    EXPECT_EQ(gzip(sample(), 1 << 20), gzip(sample(), 997));
}

TEST(GzipWriter, HasAHeaderWithoutTimeNameOrSystem) {
    EXPECT_EQ(gzip("x", 1).substr(0, 10), std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10));
}

// If this fails, zlib compresses differently than the one that made the images before: their digests change.
TEST(GzipWriter, IsStillTheCompressorThatImagesWereMadeWith) {
    EXPECT_EQ(sha256_hex(gzip(sample(), 4096)),
              "d3c49c9fcb36d9601e9fd6fd743d7b59c7622134171c3374242bdf98d21deb66");
}

}  // namespace
}  // namespace seance::images
