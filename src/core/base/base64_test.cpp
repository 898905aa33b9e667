#include "core/base/base64.hpp"

#include <gtest/gtest.h>

namespace seance {

// RFC 4648, section 10.
TEST(Base64, MatchesThePublishedVectors) {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (auto [plain, coded] : vectors) {
        EXPECT_EQ(base64_encode(plain), coded);
        EXPECT_EQ(base64_decode(coded), plain);
    }
}

TEST(Base64, TakesWhatEncodersReallySend) {
    EXPECT_EQ(base64_decode("Zm9v\r\nYg=="), "foob");
    EXPECT_EQ(base64_decode("Zm9vYg"), "foob");
    EXPECT_EQ(base64_decode("-_-_"), base64_decode("+/+/"));
}

TEST(Base64, RefusesWhatLostBytes) {
    for (const char* bad : {"Z", "Zm9vY", "Zh==", "Zm9=", "Zm9v!", "Zg==Zg==", "Zg=", "Zm9v=", "===="})
        EXPECT_FALSE(base64_decode(bad)) << bad;
}

TEST(Base64, BringsBackEveryByte) {
    std::string all;
    for (int length = 0; length < 300; ++length) {
        EXPECT_EQ(base64_decode(base64_encode(all)), all);
        all += static_cast<char>(length * 7);
    }
}

}  // namespace seance
