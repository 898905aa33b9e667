#include "platform/images/authenticator.hpp"

#include <gmock/gmock.h>

#include "core/base/base64.hpp"
#include "tests/support/scripted_registry.hpp"

namespace seance::images {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A token server of its own, which gives t1, t2, … that live for `expires_in`.
struct TokenTest : RegistryTest {
    int given = 0;
    std::string lifetime = "300";
    ScriptedHttp tokens{[this](const SeenRequest&) {
        return http_answer(
            "200 OK", "",
            R"({"access_token":"t)" + std::to_string(++given) + R"(","expires_in":)" + lifetime + "}");
    }};
    std::string challenge() {
        return http_answer("401 Unauthorized", "WWW-Authenticate: Bearer realm=\"http://" + tokens.host() +
                                                   "/token?x=1\",service=\"the registry\"\r\n");
    }
};

TEST_F(TokenTest, AsksForTheRightsThatEachRequestNeeds) {
    credentials.user = "u v";
    credentials.password = SecretText("p");
    before = [this](const SeenRequest& request) {
        return request.field("Authorization").empty() ? challenge() : "";
    };

    EXPECT_EQ(finding(image_of({})), "pushed");
    EXPECT_THAT(
        tokens.lines(),
        ElementsAre(
            "GET /token?x=1&service=the%20registry&scope=repository%3Aapp%3Apull%2Cpush&account=u%20v"));
    EXPECT_EQ(tokens.requests()[0].field("Authorization"), "Basic " + base64_encode("u v:p"));
    EXPECT_EQ(server.requests().back().field("Authorization"), "Bearer t1") << "kept for the whole push";
}

TEST_F(TokenTest, RenewsATokenThatEndedEarly) {
    int puts = 0;
    before = [&](const SeenRequest& request) {
        bool put = request.line.starts_with("PUT /v2/app/blobs");
        return request.field("Authorization").empty() || (put && ++puts == 1) ? challenge() : "";
    };

    EXPECT_EQ(finding(image_of({blob("layer")})), "pushed");
    EXPECT_EQ(given, 2);
    EXPECT_EQ(blobs.size(), 2u);
}

TEST_F(TokenTest, RenewsATokenThatLivesNoTime) {
    lifetime = "0";
    before = [this](const SeenRequest& request) {
        return request.field("Authorization").empty() ? challenge() : "";
    };

    EXPECT_EQ(finding(image_of({})), "pushed");
    EXPECT_EQ(static_cast<std::size_t>(given), server.lines().size() - 1)
        << "one for each request but the first";
}

TEST_F(TokenTest, AddsTheScopeThatTheRegistryDemands) {
    before = [this](const SeenRequest& request) {
        if (!request.field("Authorization").empty()) return std::string();
        auto answer = challenge();
        return answer.replace(answer.find("\r\nContent"), 0, ",scope=\"registry:catalog:*\"");
    };

    EXPECT_EQ(finding(image_of({})), "pushed");
    EXPECT_THAT(tokens.lines()[0], HasSubstr("scope=registry%3Acatalog%3A%2A"));
}

TEST_F(TokenTest, TradesAnIdentityTokenByPost) {
    credentials.identity_token = SecretText("id&");
    before = [this](const SeenRequest& request) {
        return request.field("Authorization").empty() ? challenge() : "";
    };

    EXPECT_EQ(finding(image_of({})), "pushed");
    EXPECT_EQ(tokens.lines()[0], "POST /token?x=1");
    EXPECT_EQ(tokens.requests()[0].body,
              "grant_type=refresh_token&client_id=seance&service=the%20registry&scope=repository%3Aapp%"
              "3Apull%2Cpush&"
              "refresh_token=id%26");
}

TEST_F(TokenTest, SaysThatATokenIsNotEnough) {
    before = [this](const SeenRequest&) { return challenge(); };

    EXPECT_THAT(finding(image_of({})),
                HasSubstr("to app: " + server.host() +
                          " did not accept who asks: nobody is signed in; run docker login"));
    EXPECT_EQ(count("HEAD /v2/app/manifests"), 3u) << "asked twice for a token, then no more";
}

TEST_F(TokenTest, DoesNotSendAPasswordToARealmWithoutTls) {
    credentials.user = "u";
    credentials.password = SecretText("p");
    before = [](const SeenRequest&) {
        return http_answer("401 Unauthorized",
                           "WWW-Authenticate: Bearer realm=\"http://evil.example/token\"\r\n");
    };

    EXPECT_THAT(finding(image_of({})), HasSubstr("without TLS; credentials are not sent there"));
}

TEST(Token, IsRenewedBeforeItEnds) {
    EXPECT_EQ(usable_time(std::nullopt), std::chrono::seconds(45));
    EXPECT_EQ(usable_time(300), std::chrono::seconds(270));
    EXPECT_EQ(usable_time(-5), std::chrono::seconds(0));
    EXPECT_EQ(usable_time(1'000'000'000), std::chrono::seconds(3570));
}

TEST(Loopback, IsThisMachineAlone) {
    for (auto here : {"localhost", "127.0.0.1", "127.1.2.3", "::1"}) EXPECT_TRUE(is_loopback(here)) << here;
    for (auto away : {"127.evil.example", "localhost.evil.example", "10.0.0.1", ""})
        EXPECT_FALSE(is_loopback(away)) << away;
}

}  // namespace
}  // namespace seance::images
