#include "services/signaling/admission.hpp"

#include <gtest/gtest.h>

namespace seance::signaling {
namespace {

const SecretText kKey("a key of thirty-two characters ..");

std::string token(std::string topic, std::int64_t expires = 1000) {
    RoomToken token;
    token.topics = {std::move(topic)};
    token.expires = expires;
    return sign_room_token(token, kKey);
}

}  // namespace

TEST(ReadGrants, TakesEveryValidTokenOfTheQuery) {
    auto grants = read_grants("x=1&token=" + token("a") + "&token=bad&token=" + token("b"), kKey, 10);

    ASSERT_TRUE(grants);
    EXPECT_EQ((*grants)->on("a", 10), Grants::Right::Read);
    EXPECT_EQ((*grants)->on("b", 10), Grants::Right::Read);
    EXPECT_EQ((*grants)->on("c", 10), Grants::Right::None);
}

TEST(ReadGrants, SaysWhatIsWrongWhenNoneIsValid) {
    EXPECT_EQ(read_grants("", kKey, 10).error().what,
              "a room token is needed: add ?token= with one to the URL");
    EXPECT_EQ(read_grants("token=" + token("a", 9), kKey, 10).error().what, "the room token has expired");
    EXPECT_EQ(read_grants("tokens=" + token("a"), kKey, 10).error().what,
              "a room token is needed: add ?token= with one to the URL");
    std::string many;
    for (int i = 0; i < 33; ++i) many += "&token=x";
    EXPECT_EQ(read_grants(many, kKey, 10).error().what, "there are more than 32 room tokens in the URL");
}

}  // namespace seance::signaling
