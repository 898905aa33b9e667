#include "core/base/hash.hpp"

#include <gtest/gtest.h>

namespace seance {

// FIPS 180-2, appendix B.1.
TEST(Sha256, MatchesThePublishedVector) {
    EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, InPiecesGivesTheSameDigestAsWhole) {
    Sha256 pieces;
    pieces.update("a");
    pieces.update("");
    pieces.update("bc");

    EXPECT_EQ(pieces.finish(), sha256("abc"));
}

// RFC 4231, test case 2.
TEST(HmacSha256, MatchesThePublishedVector) {
    EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

// RFC 1321, appendix A.5.
TEST(Md5, MatchesThePublishedVectors) {
    EXPECT_EQ(hex(md5("")), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(hex(md5("message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(Hex, TellsDigitsFromOthers) {
    EXPECT_TRUE(is_hex("00ffAB", 6));
    EXPECT_FALSE(is_hex("00ffAB", 5));
    EXPECT_FALSE(is_hex("00ffAg", 6));
}

// RFC 2202 section 3, test case 2.
TEST(HmacSha1, GivesWhatTheStandardSays) {
    EXPECT_EQ(hex(hmac_sha1("Jefe", "what do ya want for nothing?")),
              "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

}  // namespace seance
