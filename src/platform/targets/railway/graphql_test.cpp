#include "platform/targets/railway/graphql.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/run.hpp"
#include "tests/support/scripted_api.hpp"
#include "tests/support/tls_front.hpp"

namespace seance::railway {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;
using testing::HasSubstr;
using testing::Not;

const std::string kGood = json_answer(R"({"data":{"ok":true}})");
const std::string kFault =
    json_answer(R"({"errors":[{"message":"Problem processing request"}],"data":null})");

Awaitable<void> send_call(Graphql& graphql, Call call, std::optional<Reply<boost::json::object>>& out) {
    out = co_await graphql.send(std::move(call));
}

struct GraphqlTest : testing::Test {
    GraphqlOptions options(std::uint16_t port) {
        GraphqlOptions out;
        out.endpoint = "http://127.0.0.1:" + std::to_string(port) + "/graphql/v2";
        out.retry.backoff_scale = 0;
        out.timeout = 2s;
        return out;
    }
    Reply<boost::json::object> send(Graphql& graphql, Idempotent idempotent = Idempotent::Yes,
                                    std::vector<SecretText> hidden = {}) {
        Call call;
        call.document = {"things", "query things { things }"};
        call.idempotent = idempotent;
        call.hidden = std::move(hidden);
        std::optional<Reply<boost::json::object>> out;
        run(loop, send_call(graphql, std::move(call), out));
        return std::move(*out);
    }
    Reply<boost::json::object> send(ScriptedApi& api, Idempotent idempotent = Idempotent::Yes) {
        Graphql graphql(loop, credential, options(api.port()));
        return send(graphql, idempotent);
    }
    Loop loop;
    Credential credential{TokenKind::Project, SecretText("project-token")};
};

TEST_F(GraphqlTest, NamesItselfAndCarriesTheTokenInTheHeaderOfItsKind) {
    ScriptedApi api({kGood});
    Credential account{TokenKind::Account, SecretText("account-token")};
    Graphql graphql(loop, account, options(api.port()));

    ASSERT_TRUE(send(graphql));
    ASSERT_TRUE(send(api));

    auto first = api.asked()[0], second = api.asked()[1];
    EXPECT_THAT(first.head, HasSubstr("POST /graphql/v2?source=seance HTTP/1.1"));
    EXPECT_THAT(first.head, HasSubstr("User-Agent: seance/"));
    EXPECT_THAT(first.head, HasSubstr("x-source: seance/"));
    EXPECT_THAT(first.head, HasSubstr("Authorization: Bearer account-token\r\n"));
    EXPECT_THAT(first.head, Not(HasSubstr("Project-Access-Token")));
    EXPECT_THAT(second.head, HasSubstr("Project-Access-Token: project-token\r\n"));
    EXPECT_THAT(second.head, Not(HasSubstr("Authorization")));
    EXPECT_EQ(first.json().at("operationName"), "things");
}

TEST_F(GraphqlTest, ReadsAnAnswerThatComesByteByByte) {
    ScriptedApi api({kGood});
    api.one_byte_at_a_time = true;

    EXPECT_TRUE(send(api));
}

TEST_F(GraphqlTest, RepeatsAQueryThatIsCutOffAnywhere) {
    for (std::size_t cut : {std::size_t(0), std::size_t(10), kGood.find("\r\n\r\n"), kGood.size() - 1}) {
        ScriptedApi api({kGood.substr(0, cut), kGood});

        EXPECT_TRUE(send(api)) << cut;
        EXPECT_EQ(api.calls(), 2u) << cut;
    }
}

TEST_F(GraphqlTest, NeverRepeatsAChangeWhoseAnswerWasLost) {
    for (std::size_t cut : {std::size_t(0), std::size_t(10), kGood.find("\r\n\r\n"), kGood.size() - 1}) {
        ScriptedApi api({kGood.substr(0, cut), kGood});

        auto reply = send(api, Idempotent::No);

        ASSERT_FALSE(reply) << cut;
        EXPECT_EQ(reply.error().kind, FailureKind::Unreachable);
        EXPECT_THAT(reply.error().what, HasSubstr("whether it was done is not known"));
        EXPECT_EQ(api.calls(), 1u) << cut;
    }
}

TEST_F(GraphqlTest, CannotTellWhetherAChangeWasMadeWhenAGatewayAnswersForRailway) {
    ScriptedApi api({json_answer("<html>", "502 Bad Gateway")});

    auto reply = send(api, Idempotent::No);

    EXPECT_EQ(reply.error().kind, FailureKind::Unreachable);
    EXPECT_EQ(api.calls(), 1u);
}

TEST_F(GraphqlTest, MakesAChangeOnAConnectionOfItsOwn) {
    // The first connection is closed by the server after a while, as idle ones are: the change must not meet
    // that.
    ScriptedApi api({kGood});
    Graphql graphql(loop, credential, options(api.port()));

    ASSERT_TRUE(send(graphql));
    ASSERT_TRUE(send(graphql));
    EXPECT_EQ(api.connections(), 1);
    ASSERT_TRUE(send(graphql, Idempotent::No));
    ASSERT_TRUE(send(graphql, Idempotent::No));

    EXPECT_EQ(api.connections(), 3);
}

TEST_F(GraphqlTest, RepeatsARateLimitedChangeSinceItWasNotMade) {
    ScriptedApi api({json_answer("<html>", "429 Too Many Requests", "Retry-After: 5\r\n"),
                     json_answer(R"({"errors":[{"message":"Service deployment rate limit exceeded"}]})"),
                     kGood});

    EXPECT_TRUE(send(api, Idempotent::No));
    EXPECT_EQ(api.calls(), 3u);
}

TEST_F(GraphqlTest, TellsHowLongARateLimitLastsRatherThanWaitForAnHour) {
    ScriptedApi api({json_answer("{}", "429 Too Many Requests", "Retry-After: 3600\r\n")});

    auto reply = send(api);

    EXPECT_EQ(reply.error().kind, FailureKind::RateLimited);
    EXPECT_THAT(reply.error().what, HasSubstr("1h"));
    EXPECT_EQ(api.calls(), 1u);
}

TEST_F(GraphqlTest, RepeatsAGeneralFaultOnce) {
    ScriptedApi faulty({kFault}), changed({kFault});

    auto reply = send(faulty);

    EXPECT_EQ(reply.error().kind, FailureKind::Api);
    EXPECT_EQ(faulty.calls(), 2u);
    EXPECT_FALSE(send(changed, Idempotent::No));
    EXPECT_EQ(changed.calls(), 1u);
}

TEST_F(GraphqlTest, GivesUpAfterFiveTries) {
    ScriptedApi api({json_answer("", "503 Service Unavailable")});

    auto reply = send(api);

    EXPECT_EQ(reply.error().kind, FailureKind::Api);
    EXPECT_THAT(reply.error().what, HasSubstr("(5 tries)"));
    EXPECT_EQ(api.calls(), 5u);
}

TEST_F(GraphqlTest, TellsThatAnEarlierTryMayHaveWorked) {
    ScriptedApi api({"", json_answer(R"({"errors":[{"message":"Volume not found"}]})")});

    auto reply = send(api);

    EXPECT_EQ(reply.error().kind, FailureKind::NotFound);
    EXPECT_TRUE(reply.error().an_answer_was_lost);
}

TEST_F(GraphqlTest, DoesNotRepeatARefusal) {
    ScriptedApi api({json_answer(R"({"errors":[{"message":"Not Authorized"}],"data":null})")});

    EXPECT_EQ(send(api).error().kind, FailureKind::Auth);
    EXPECT_EQ(api.calls(), 1u);
}

TEST_F(GraphqlTest, KeepsItsTokenAndHiddenTextsOutOfSentences) {
    ScriptedApi api(
        {json_answer(R"({"errors":[{"message":"bad token project-token, bad value hunter22"}]})")});
    Graphql graphql(loop, credential, options(api.port()));

    auto reply = send(graphql, Idempotent::Yes, {SecretText("hunter22")});

    EXPECT_THAT(reply.error().what, Not(HasSubstr("project-token")));
    EXPECT_THAT(reply.error().what, Not(HasSubstr("hunter22")));
}

TEST_F(GraphqlTest, RefusesATokenThatCannotBeOneWithoutSendingIt) {
    ScriptedApi api({kGood});
    for (auto token : {"", "two words", "line\nend"}) {
        Graphql graphql(loop, {TokenKind::Project, SecretText(token)}, options(api.port()));
        EXPECT_EQ(send(graphql).error().kind, FailureKind::Auth);
    }
    EXPECT_EQ(api.calls(), 0u);
}

TEST_F(GraphqlTest, SaysThatNobodyAnswersAndRepeatsEvenAChangeThatWasNeverSent) {
    std::uint16_t closed;
    { closed = ScriptedApi({kGood}).port(); }
    Graphql graphql(loop, credential, options(closed));

    auto reply = send(graphql, Idempotent::No);

    EXPECT_EQ(reply.error().kind, FailureKind::Unreachable);
    EXPECT_THAT(reply.error().what, HasSubstr("5 tries"));
    EXPECT_THAT(reply.error().what, Not(HasSubstr("not known")));
}

TEST_F(GraphqlTest, GivesUpOnAnAnswerThatDoesNotCome) {
    ScriptedUpstream silent([](UpstreamConnection& connection) { connection.sees_close(); });
    auto patient = options(silent.port());
    patient.timeout = 50ms;
    patient.retry.attempts = 2;
    Graphql graphql(loop, credential, patient);

    auto reply = send(graphql);

    EXPECT_EQ(reply.error().kind, FailureKind::Unreachable);
    EXPECT_THAT(reply.error().what, HasSubstr("no answer within 50ms"));
}

TEST_F(GraphqlTest, RemembersHowManyCallsAreLeft) {
    ScriptedApi api(
        {json_answer(R"({"data":{}})", "200 OK", "X-RateLimit-Limit: 1000\r\nX-RateLimit-Remaining: 7\r\n")});
    Graphql graphql(loop, credential, options(api.port()));

    ASSERT_TRUE(send(graphql));

    EXPECT_EQ(graphql.rate_limit().remaining, 7u);
    EXPECT_EQ(graphql.rate_limit().limit, 1000u);
}

TEST_F(GraphqlTest, SpeaksTlsWithTheCertificatesItIsGiven) {
    ScriptedApi api({kGood});
    TlsFront front(api.port());
    auto secure = options(front.port());
    secure.endpoint = "https://localhost:" + std::to_string(front.port()) + "/graphql/v2";
    secure.ca_file = front.ca_file();
    Graphql trusting(loop, credential, secure);
    secure.ca_file.clear();
    Graphql wary(loop, credential, secure);

    EXPECT_TRUE(send(trusting));
    EXPECT_EQ(send(wary).error().kind, FailureKind::Unreachable);
    EXPECT_EQ(trusting.websocket_url(),
              "wss://localhost:" + std::to_string(front.port()) + "/graphql/v2?source=seance");
}

TEST_F(GraphqlTest, RefusesSettingsThatCannotWork) {
    GraphqlOptions no_url, no_file;
    no_url.endpoint = "backboard";
    no_file.ca_file = "/does/not/exist";

    EXPECT_THROW(Graphql(loop, credential, no_url), std::invalid_argument);
    EXPECT_THROW(Graphql(loop, credential, no_file), std::runtime_error);
}

TEST(ChooseCredential, PrefersTheProjectTokenAndTrims) {
    EXPECT_EQ(choose_credential("p\n", "a")->kind, TokenKind::Project);
    EXPECT_EQ(choose_credential("p\n", "a")->token.reveal(), "p");
    EXPECT_EQ(choose_credential(" ", "a")->kind, TokenKind::Account);
    EXPECT_FALSE(choose_credential("", ""));
}

}  // namespace
}  // namespace seance::railway
