#include "services/backend/domain/room_token_request.hpp"

#include <gtest/gtest.h>

namespace seance::backend {
namespace {

using namespace std::chrono_literals;

std::string problem(std::string_view body) {
    auto token = parse_room_token_request(body, 2h, 1000);
    return token ? "" : token.error().what;
}

}  // namespace

TEST(RoomTokenRequest, AsksForRoomsAccessAndTime) {
    auto token = parse_room_token_request(
        R"({"topics":["a"],"topicPrefixes":["b/"],"access":"read","lifetimeSeconds":60})", 2h, 1000);

    ASSERT_TRUE(token);
    EXPECT_TRUE(token->names("a") && token->names("b/c"));
    EXPECT_FALSE(token->write);
    EXPECT_EQ(token->expires, 1060);
}

TEST(RoomTokenRequest, GetsAnHourAndTheRightToWriteUnlessItSaysOtherwise) {
    auto token = parse_room_token_request(R"({"topics":["a"]})", 2h, 1000);
    ASSERT_TRUE(token);
    EXPECT_TRUE(token->write);
    EXPECT_EQ(token->expires, 1000 + 3600);
    EXPECT_EQ(parse_room_token_request(R"({"topics":["a"]})", 60s, 1000)->expires, 1060);
}

TEST(RoomTokenRequest, IsRefusedWithASentence) {
    EXPECT_EQ(problem("x"), "the body has to be a JSON object");
    EXPECT_EQ(problem("{}"), "name at least one room, in topics or topicPrefixes");
    EXPECT_EQ(problem(R"({"topics":"a"})"), "topics has to be an array of texts");
    EXPECT_EQ(problem(R"({"topicPrefixes":[1]})"), "topicPrefixes has to be an array of texts");
    EXPECT_EQ(problem(R"({"topicPrefixes":[""]})"), "an empty prefix would open every room; name one");
    EXPECT_EQ(problem(R"({"topics":["a"],"access":"admin"})"), "access has to be \"read\" or \"write\"");
    for (auto wrong : {"0", "-1", "7201", "\"60\"", "1e99"})
        EXPECT_EQ(problem(std::string(R"({"topics":["a"],"lifetimeSeconds":)") + wrong + "}"),
                  "lifetimeSeconds has to be a number from 1 to 7200")
            << wrong;
    EXPECT_EQ(problem(R"({"topics":["a"],"topic":"b"})"),
              "the body may hold topics, topicPrefixes, access and lifetimeSeconds, and nothing else");
}

}  // namespace seance::backend
