#include "services/litellm/domain/api_error.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(ApiError, HasTheShapeThatClientsRead) {
    EXPECT_EQ(bad_request("a \"b\"", "messages").json(),
              "{\"error\":{\"message\":\"a "
              "\\\"b\\\"\",\"type\":\"invalid_request_error\",\"param\":\"messages\",\"code\":\"400\"}}");
    EXPECT_THAT(unknown_model("x").message,
                AllOf(HasSubstr("Invalid model name passed in model=x"), HasSubstr("/v1/models")));
}

TEST(ApiError, KeepsWhatTheUpstreamSaidUnderItsClass) {
    auto& openai = *find_provider("openai");
    SecretText key("sk-hidden-key");
    struct Row {
        int status;
        std::string body;
        int wanted;
        std::string message, type;
        bool retryable;
    };
    for (auto& row : std::vector<Row>{
             {400, R"({"error":{"message":"too long","type":"t","code":"context_length_exceeded"}})", 400,
              "litellm.ContextWindowExceededError: OpenAIException - too long", "t", false},
             {400, R"({"error":{"message":"prompt is too long: 9"}})", 400,
              "litellm.ContextWindowExceededError: OpenAIException - prompt is too long: 9", "", false},
             {400, R"({"error":"just text"})", 400, "litellm.BadRequestError: OpenAIException - just text",
              "", false},
             {401, R"({"message":"no"})", 401, "litellm.AuthenticationError: OpenAIException - no", "",
              false},
             {404, R"({"detail":"gone"})", 404, "litellm.NotFoundError: OpenAIException - gone", "", false},
             {422, "plain", 422, "litellm.UnprocessableEntityError: OpenAIException - plain", "", false},
             {429, "", 429,
              "litellm.RateLimitError: OpenAIException - the upstream answered 429 without a body",
              "throttling_error", true},
             {529, "x", 503, "litellm.ServiceUnavailableError: OpenAIException - x", "internal_server_error",
              true},
             {302, "x", 500, "litellm.InternalServerError: OpenAIException - x", "internal_server_error",
              true}}) {
        auto error = upstream_error(openai, row.status, row.body, key);
        EXPECT_EQ(error.status, row.wanted);
        EXPECT_EQ(error.message, row.message);
        EXPECT_EQ(error.type.value_or(""), row.type);
        EXPECT_EQ(error.retryable, row.retryable);
    }
}

TEST(ApiError, MasksTheUpstreamKeyEverywhere) {
    auto error = upstream_error(
        *find_provider("openai"), 401,
        R"({"error":{"message":"key sk-hidden-key and sk-hidden-key","type":"sk-hidden-key","param":"sk-hidden-key","code":"sk-hidden-key"}})",
        SecretText("sk-hidden-key"));

    EXPECT_THAT(error.json(), Not(HasSubstr("sk-hidden-key")));
    EXPECT_THAT(error.json(), HasSubstr("«hidden»"));
}

TEST(ApiError, CutsAPageShort) {
    auto error = upstream_error(*find_provider("openai"), 500, std::string(1 << 20, 'x'), SecretText());

    EXPECT_LT(error.message.size(), 5000u);
}

TEST(ApiError, FindsTheStatusInAnErrorObject) {
    EXPECT_EQ(status_in_error(R"({"error":{"code":402}})"), 402);
    EXPECT_EQ(status_in_error(R"({"error":{"code":"429"}})"), 429);
    EXPECT_EQ(status_in_error(R"({"error":{"code":"insufficient_quota"}})"), 500);
    EXPECT_EQ(status_in_error("nonsense"), 500);
}

}  // namespace seance::litellm
