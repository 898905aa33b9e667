#include "core/base/room_token.hpp"

#include <gtest/gtest.h>

#include "core/base/base64.hpp"
#include "core/base/hash.hpp"

namespace seance {
namespace {

const SecretText kKey("a key of thirty-two characters ..");
constexpr std::int64_t kNow = 1'800'000'000;

RoomToken token() {
    RoomToken token;
    token.topics = {"kitchen"};
    token.topic_prefixes = {"team-7/"};
    token.write = true;
    token.expires = kNow + 60;
    return token;
}

// As another issuer might print it, padding included.
std::string forge(std::string_view header, std::string_view claims, const SecretText& key = kKey) {
    auto text = base64_encode(header) + "." + base64_encode(claims);
    auto digest = hmac_sha256(key.reveal(), text);
    return text + "." + base64_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}
constexpr std::string_view kHeader = R"({"alg":"HS256"})";

std::string refusal(std::string_view text, std::int64_t now = kNow) {
    auto verified = verify_room_token(text, kKey, now);
    return verified ? "" : verified.error().what;
}

}  // namespace

TEST(RoomToken, CarriesItsRightsFromIssuerToChecker) {
    auto verified = verify_room_token(sign_room_token(token(), kKey), kKey, kNow);

    ASSERT_TRUE(verified) << verified.error().what;
    EXPECT_EQ(verified->expires, kNow + 60);
    EXPECT_TRUE(verified->write);
    EXPECT_TRUE(verified->names("kitchen"));
    EXPECT_TRUE(verified->names("team-7/notes"));
    EXPECT_FALSE(verified->names("kitchen2"));
    EXPECT_FALSE(verified->names("team-70"));
}

TEST(RoomToken, IsTakenFromAnyJwtLibrary) {
    auto text = forge(kHeader, R"({"aud":["x","seance-signaling"],"exp":1900000000.5,"nbf":1,"iat":1,)"
                               R"("topics":["a"],"access":"read"})");

    auto verified = verify_room_token(text, kKey, kNow);

    ASSERT_TRUE(verified) << verified.error().what;
    EXPECT_FALSE(verified->write);
}

TEST(RoomToken, IsRefusedOnceItHasExpired) {
    auto text = sign_room_token(token(), kKey);

    EXPECT_EQ(refusal(text, kNow + 59), "");
    EXPECT_EQ(refusal(text, kNow + 60), "the room token has expired");
}

// An issuer whose clock is ahead writes now, and means our near future. An end is an end.
TEST(RoomToken, IsTakenHalfAMinuteBeforeItsBeginning) {
    const std::string good = R"({"aud":"seance-signaling","topics":["a"],"access":"read","exp":1900000000)";
    EXPECT_EQ(refusal(forge(kHeader, good + R"(,"nbf":1800000030})")), "");
    EXPECT_EQ(refusal(forge(kHeader, good + R"(,"nbf":1800000031})")), "the room token is not valid yet");
}

// A forgotten division by 1000, which would be good for 57,000 years.
TEST(RoomToken, IsRefusedWithATimeInMilliseconds) {
    const std::string good = R"("aud":"seance-signaling","topics":["a"],"access":"read")";
    const std::string why = " looks like milliseconds; it is seconds",
                      is = "the room token is of no use: its ";
    EXPECT_EQ(refusal(forge(kHeader, "{" + good + R"(,"exp":1900000000000})")), is + "exp" + why);
    EXPECT_EQ(refusal(forge(kHeader, "{" + good + R"(,"exp":1e300})")), is + "exp" + why);
    EXPECT_EQ(refusal(forge(kHeader, "{" + good + R"(,"exp":1900000000,"nbf":1700000000000})")),
              is + "nbf" + why);
    EXPECT_EQ(refusal(forge(kHeader, "{" + good + R"(,"exp":1900000000,"iat":1700000000000})")),
              is + "iat" + why);
    EXPECT_EQ(refusal(forge(kHeader, "{" + good + R"(,"exp":7258118400,"iat":1700000000})")), "");
}

TEST(RoomToken, IsRefusedWhenAnythingInItWasChanged) {
    auto text = sign_room_token(token(), kKey);
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto changed = text;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_NE(refusal(changed), "") << i;
    }
    EXPECT_EQ(refusal(sign_room_token(token(), SecretText("another key"))),
              "the room token is not signed with this server's key");
}

TEST(RoomToken, IsRefusedWithAReasonThatHoldsNothingOfIt) {
    const std::string good = R"("aud":"seance-signaling","exp":1900000000,"topics":["a"],"access":"read")";
    EXPECT_EQ(refusal("secret"), "the room token is no JSON Web Token");
    EXPECT_EQ(refusal(std::string(5000, 'x')), "the room token is too long");
    EXPECT_EQ(refusal(forge(R"({"alg":"none"})", "{" + good + "}")),
              "the room token has to be signed with HS256");
    EXPECT_EQ(refusal(forge(kHeader, R"({"exp":1900000000,"topics":["a"],"access":"read"})")),
              "the room token is for something else: aud has to be seance-signaling");
    EXPECT_EQ(refusal(forge(kHeader, R"({"aud":"seance-signaling","topics":["a"],"access":"read"})")),
              "the room token has no exp");
    EXPECT_EQ(refusal(forge(kHeader, "{" + good + R"(,"nbf":1850000000})")),
              "the room token is not valid yet");
    EXPECT_EQ(refusal(forge(kHeader, R"({"aud":"seance-signaling","exp":1900000000,"access":"read"})")),
              "the room token names no topic");
    EXPECT_EQ(refusal(forge(kHeader,
                            R"({"aud":"seance-signaling","exp":1900000000,"topics":[1],"access":"read"})")),
              "the room token has topics or topic_prefixes that are no list of strings");
    EXPECT_EQ(refusal(forge(kHeader, R"({"aud":"seance-signaling","exp":1900000000,"topics":["a"]})")),
              "the room token has no access of \"read\" or \"write\"");
}

}  // namespace seance
