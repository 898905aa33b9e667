#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/room_token.hpp"
#include "services/signaling/turn/credentials.hpp"
#include "services/signaling/turn/endpoint.hpp"
#include "services/signaling/turn/limiter.hpp"

namespace seance::signaling::turn {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;

struct TurnEndpointTest : testing::Test {
    TurnEndpointTest() {
        settings.turn.urls = {"turn:turn.test:3478"};
        settings.turn.secret = SecretText("north");
        settings.turn.max_per_minute = 2;
    }
    http::Response asks(std::string_view target = "/turn", std::string_view origin = "",
                        std::string_view method = "GET") {
        if (!endpoint) endpoint.emplace(settings);
        http::RequestHead head;
        head.method = method;
        head.target = target;
        if (!origin.empty()) head.fields.add({"Origin", origin});
        return endpoint->answer(head, "192.0.2.1");
    }
    signaling::Settings settings;
    std::optional<Endpoint> endpoint;
};

}  // namespace

// Made with: printf %s 1700000000:ann | openssl dgst -sha1 -hmac north -binary | base64
TEST(MakeCredentials, SignsTheUserNameAsTurnServersExpectIt) {
    auto made = make_credentials(SecretText("north"), 1'700'000'000, "ann");

    EXPECT_EQ(made.username, "1700000000:ann");
    EXPECT_EQ(made.credential.reveal(), "jeamH6dA5l2I9g3jmieza7CzEDo=");
    EXPECT_EQ(make_credentials(SecretText("north"), 1'700'000'000, "").username, "1700000000");
}

TEST(PrintCredentials, IsAnIceServer) {
    Settings settings;
    settings.urls = {"turn:a:1", "turns:b"};
    Credentials credentials{"5:x", SecretText("c=")};

    EXPECT_EQ(print_credentials(credentials, settings),
              R"({"username":"5:x","credential":"c=","ttl":3600,"urls":["turn:a:1","turns:b"]})");
}

TEST(Limiter, CountsAnAddressForAMinute) {
    Limiter limiter(2);
    Instant now{1h};

    EXPECT_TRUE(limiter.take("a", now));
    EXPECT_TRUE(limiter.take("a", now + 59s));
    EXPECT_FALSE(limiter.take("a", now + 59s));
    EXPECT_TRUE(limiter.take("b", now + 59s));
    EXPECT_TRUE(limiter.take("a", now + 60s));
}

TEST(Limiter, RemembersOnlySoManyAddresses) {
    Limiter limiter(1);
    Instant now{1h};
    for (std::size_t i = 0; i < Limiter::kMostAddresses; ++i)
        EXPECT_TRUE(limiter.take(std::to_string(i), now));

    EXPECT_FALSE(limiter.take("one more", now));
    EXPECT_TRUE(limiter.take("one more", now + 1min));
}

TEST_F(TurnEndpointTest, GivesCredentialsForAnHour) {
    auto page = asks("/turn?user=ann");

    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.body, HasSubstr(R"(:ann","credential":")"));
    EXPECT_THAT(page.body, HasSubstr(R"("ttl":3600,"urls":["turn:turn.test:3478"])"));
    EXPECT_EQ(page.fields.get("Cache-Control"), "no-store");
    EXPECT_EQ(asks("/turn?user=a%20b").status, 400);
}

TEST_F(TurnEndpointTest, IsNotThereWithoutATurnServer) {
    settings.turn = {};

    EXPECT_EQ(asks().status, 404);
}

TEST_F(TurnEndpointTest, AnswersPagesThatMayConnect) {
    EXPECT_EQ(asks("/turn", "https://any.test").fields.get("Access-Control-Allow-Origin"), "*");

    settings.allowed_origins = {"https://*.seance.dev"};
    auto page = asks("/turn", "https://app.seance.dev");
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.fields.get("Access-Control-Allow-Origin"), "https://app.seance.dev");
    EXPECT_EQ(page.fields.get("Vary"), "Origin");
    auto refused = asks("/turn", "https://evil.test");
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.fields.get("Access-Control-Allow-Origin"), "");
    EXPECT_EQ(asks("/turn", "https://app.seance.dev", "OPTIONS").status, 204);
    EXPECT_EQ(asks("/turn", "", "POST").status, 405);
}

TEST_F(TurnEndpointTest, AnswersAnAddressOnlySoOften) {
    asks();
    asks();
    auto third = asks();

    EXPECT_EQ(third.status, 429);
    EXPECT_EQ(third.fields.get("Retry-After"), "60");
}

TEST_F(TurnEndpointTest, WantsATokenWhereRoomsDo) {
    settings.room_token_secret = SecretText(std::string(32, 'k'));
    RoomToken token;
    token.topics = {"a"};
    token.expires = std::time(nullptr) + 60;

    EXPECT_EQ(asks().status, 401);
    auto text = "/turn?token=" + sign_room_token(token, settings.room_token_secret);
    EXPECT_EQ(asks(text).status, 200);
}

TEST(TurnSettings, NeedBothOrNeither) {
    auto problems = [](const config::Sources& sources) {
        config::Reader read(sources);
        read_settings(read);
        return read.problems();
    };
    EXPECT_THAT(problems({}), testing::IsEmpty());
    EXPECT_THAT(problems({{"TURN_URLS", "turn:a"}}), Contains(HasSubstr("without TURN_SECRET")));
    EXPECT_THAT(problems({{"TURN_SECRET", "hush"}}), Contains(HasSubstr("without TURN_URLS")));
    EXPECT_THAT(problems({{"TURN_SECRET", "hush"}, {"TURN_URLS", "a.test"}}),
                Contains(HasSubstr("is no URL of a TURN server")));
    EXPECT_THAT(problems({{"TURN_SECRET", "hush"}, {"TURN_URLS", "a.test"}}),
                testing::Not(Contains(HasSubstr("hush"))));
}

}  // namespace seance::signaling::turn
