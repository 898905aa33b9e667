#include "platform/targets/railway/answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace seance::railway {
namespace {

using namespace std::chrono_literals;
using remote::FailureKind;
using testing::HasSubstr;
using testing::Not;
using Again = Judgement::Again;

const auto kNow = std::chrono::system_clock::from_time_t(1'800'000'000);

Judgement judged(int status, std::string body, http::Fields fields = {},
                 std::vector<SecretText> hidden = {}) {
    http::WholeResponse answer;
    answer.status = status;
    answer.body = std::move(body);
    answer.fields = std::move(fields);
    return judge(answer, "serviceCreate", TokenKind::Project, hidden, kNow);
}

Judgement said(std::string_view message) {
    return judged(200, R"({"errors":[{"message":")" + std::string(message) + R"("}],"data":null})");
}

TEST(Answer, GivesTheData) {
    auto judgement = judged(200, R"({"data":{"x":1}})");

    ASSERT_TRUE(judgement.data);
    EXPECT_EQ(judgement.data->at("x"), 1);
}

TEST(Answer, KnowsMessagesWhateverTheirCase) {
    EXPECT_EQ(said("Not Authorized").failure.kind, FailureKind::Auth);
    EXPECT_EQ(said("NOT AUTHORIZED").failure.kind, FailureKind::Auth);
    EXPECT_EQ(said("Project Token not found").failure.kind, FailureKind::Auth);
    EXPECT_EQ(said("Two Factor Authentication Required").failure.kind, FailureKind::Auth);
    EXPECT_EQ(said("Commit not found").failure.kind, FailureKind::User);
    EXPECT_EQ(said("Service not found").failure.kind, FailureKind::NotFound);
    EXPECT_EQ(said("Service deployment rate limit exceeded").failure.kind, FailureKind::RateLimited);
    EXPECT_EQ(said("Problem processing request").failure.kind, FailureKind::Api);
    EXPECT_EQ(said("the moon is in the wrong house").failure.kind, FailureKind::Api);
}

TEST(Answer, RepeatsAGeneralFaultOnceAndARefusalNever) {
    EXPECT_EQ(said("Problem processing request").again, Again::Once);
    EXPECT_EQ(said("Not Authorized").again, Again::Never);
    EXPECT_EQ(said("Service deployment rate limit exceeded").again, Again::AsOften);
    EXPECT_TRUE(said("Service deployment rate limit exceeded").not_executed);
}

TEST(Answer, NamesTheOperationTheMessageTheCredentialAndTheTrace) {
    auto failure =
        judged(200, R"({"errors":[{"message":"Not Authorized","path":["x"],"traceId":"abc"}]})").failure;

    EXPECT_THAT(failure.what, HasSubstr("serviceCreate: Not Authorized"));
    EXPECT_THAT(failure.what, HasSubstr("RAILWAY_TOKEN"));
    EXPECT_EQ(failure.trace_id, "abc");
    EXPECT_THAT(failure.what, HasSubstr("abc"));
}

TEST(Answer, NamesTheWorkspaceThatEnforcesTwoFactors) {
    auto failure = judged(200, R"({"errors":[{"message":"Two factor authentication required","extensions":
        {"code":"TWO_FACTOR","workspaceName":"Spirits"}}]})")
                       .failure;

    EXPECT_THAT(failure.what, HasSubstr("Spirits"));
    EXPECT_THAT(failure.what, HasSubstr("[TWO_FACTOR]"));
}

TEST(Answer, LetsACredentialErrorDecideAmongSeveral) {
    auto failure =
        judged(200, R"({"errors":[{"message":"x not found"},{"message":"Not Authorized"}]})").failure;

    EXPECT_EQ(failure.kind, FailureKind::Auth);
    EXPECT_THAT(failure.what, HasSubstr("1 more"));
}

TEST(Answer, SurvivesErrorsWithoutExtensionsMessageOrSense) {
    for (auto body : {R"({"errors":[{}]})", R"({"errors":[null]})", R"({"errors":["x"]})",
                      R"({"errors":[{"message":7}]})", R"({"errors":{},"data":7})", R"({"errors":[]})", "{}",
                      "[]", "null"})
        EXPECT_EQ(judged(200, body).failure.kind, FailureKind::Api) << body;
}

TEST(Answer, TellsTheEdgesLimitFromTheApis) {
    http::Fields fields;
    fields.add("Retry-After", "7");

    auto edge = judged(429, "<html>slow down</html>", fields);
    auto api = judged(429, R"({"errors":[{"message":"Too Many Requests"}]})", fields);

    EXPECT_EQ(edge.failure.kind, FailureKind::RateLimited);
    EXPECT_EQ(edge.wait, 7s);
    EXPECT_THAT(edge.failure.what, HasSubstr("edge"));
    EXPECT_THAT(api.failure.what, Not(HasSubstr("edge")));
    EXPECT_THAT(api.failure.what, HasSubstr("7s"));
    EXPECT_TRUE(api.not_executed);
}

TEST(Answer, WaitsUntilTheLimitIsResetWhenNothingElseIsTold) {
    http::Fields fields;
    fields.add("X-RateLimit-Reset", "1800000042");

    EXPECT_EQ(judged(429, "", fields).wait, 42s);
}

TEST(Answer, CannotTellWhatAnAnswerThatIsNoGraphqlMeansForAChange) {
    EXPECT_TRUE(judged(502, "<html>bad gateway</html>").unclear);
    EXPECT_TRUE(judged(200, "<html>log in to the hotel's network</html>").unclear);
    EXPECT_FALSE(judged(404, "not here").unclear);
    EXPECT_THAT(judged(404, "not here").failure.what, HasSubstr("SEANCE_RAILWAY_URL"));
    EXPECT_EQ(judged(401, "").failure.kind, FailureKind::Auth);
}

TEST(Answer, HidesSecretsThatAMessageRepeats) {
    std::vector<SecretText> hidden{SecretText("pass\"word"), SecretText("80"), SecretText("hunter22")};

    EXPECT_EQ(hide(R"(a pass"word and pass\"word, port 80)", hidden), "a «hidden» and «hidden», port 80");

    auto body =
        R"({"errors":[{"message":"Variable \"$input\" got invalid value {\"KEY\": \"hunter22\", \"P\": \"80\"}; Expected type X"}]})";
    auto what = judged(400, body, {}, hidden).failure.what;
    EXPECT_THAT(what, Not(HasSubstr("hunter")));
    EXPECT_THAT(what, Not(HasSubstr("KEY")));
    EXPECT_THAT(what, HasSubstr("Expected type X"));

    body =
        R"({"errors":[{"message":"no","traceId":"t hunter22","extensions":{"code":"hunter22","workspaceName":"hunter22"}}]})";
    EXPECT_THAT(judged(400, body, {}, hidden).failure.what, Not(HasSubstr("hunter")));
}

TEST(RateLimit, ReadsEveryFormOfReset) {
    auto reset = [](std::string_view value) {
        http::Fields fields;
        fields.add("X-RateLimit-Reset", value);
        fields.add("X-RateLimit-Remaining", "0");
        return read_rate_limit(fields, kNow).resets_at;
    };

    EXPECT_EQ(reset("60"), kNow + 60s);
    EXPECT_EQ(reset("1800000060"), kNow + 60s);
    EXPECT_EQ(reset("1800000060000"), kNow + 60s);
    EXPECT_EQ(reset("2027-01-15T08:01:00Z"), kNow + 60s);
    EXPECT_FALSE(reset("tomorrow"));
    EXPECT_FALSE(reset("18446744073709551615"));
    EXPECT_FALSE(reset(""));
}

}  // namespace
}  // namespace seance::railway
