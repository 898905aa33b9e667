#include "services/litellm/domain/upstream_body.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

std::string sent(std::string body, std::string_view provider, const Deployment& deployment = {},
                 std::string model = "m") {
    auto request = parse_chat_request(std::move(body), {}, "", {});
    EXPECT_TRUE(request.has_value());
    Endpoint endpoint{find_provider(provider), std::move(model), "", {}};
    auto out = upstream_body(*request, deployment, endpoint);
    EXPECT_TRUE(parse_json(out)) << out;
    return out;
}

const std::string kMessages = "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]";

}  // namespace

TEST(UpstreamBody, SendsTheClientsBytesButForWhatTheGatewayOwns) {
    EXPECT_EQ(sent("{\"model\":\"a\", \"temperature\":1.50,\"fallbacks\":[\"b\"]," + kMessages +
                       ",\"api_key\":\"k\",\"mock_testing_fallbacks\":true,\"x\":1e-7}",
                   "groq"),
              "{\"model\":\"m\", \"temperature\":1.50," + kMessages + ",\"x\":1e-7}");
    EXPECT_EQ(sent("{\"model\":\"a\",\"metadata\":{}," + kMessages + "}", "groq"),
              "{\"model\":\"m\"," + kMessages + "}");
    EXPECT_EQ(sent("{\"model\":\"a\",\"metadata\":{}," + kMessages + "}", "openai"),
              "{\"model\":\"m\",\"metadata\":{}," + kMessages + "}");
}

TEST(UpstreamBody, KeepsTheClientsFallbacksToItself) {
    for (std::string name : {"fallbacks", "context_window_fallbacks", "content_policy_fallbacks"}) {
        auto out =
            sent("{\"model\":\"m\"," + kMessages + ",\"" + name + "\":[{\"m\":[\"other\"]}]}", "openai");
        EXPECT_EQ(out.find(name), std::string::npos) << out;
    }
}

TEST(UpstreamBody, FillsDefaultsThatTheClientDoesNotSet) {
    Deployment deployment;
    deployment.defaults = {{"temperature", "0.1"}, {"seed", "7"}};
    deployment.extra_body = {{"top_k", "5"}};
    deployment.drop_params = {"user", "messages[*].name"};

    EXPECT_EQ(sent("{\"model\":\"a\",\"temperature\":2,\"top_k\":1,\"user\":\"u\",\"messages\":[{\"role\":"
                   "\"user\",\"name\":\"n\",\"content\":\"x\"}]}",
                   "groq", deployment),
              "{\"model\":\"m\",\"temperature\":2,\"top_k\":5,\"messages\":[{\"role\":\"user\",\"content\":"
              "\"x\"}],\"seed\":7}");
}

TEST(UpstreamBody, DropsWhatTheClientAsksToDrop) {
    EXPECT_EQ(sent("{\"model\":\"a\",\"seed\":1,\"additional_drop_params\":[\"seed\",\"x.y\",7],\"x\":{\"y\":"
                   "1,\"z\":2}," +
                       kMessages + "}",
                   "groq"),
              "{\"model\":\"m\",\"x\":{\"z\":2}," + kMessages + "}");
}

TEST(UpstreamBody, AsksForUsageOfAStreamWhereTheProviderKnowsHow) {
    auto body = [](std::string more) {
        return "{\"model\":\"a\",\"stream\":true" + more + "," + kMessages + "}";
    };

    EXPECT_EQ(sent(body(""), "groq"), "{\"model\":\"m\",\"stream\":true," + kMessages +
                                          ",\"stream_options\":{\"include_usage\":true}}");
    EXPECT_EQ(sent(body(",\"stream_options\":{\"include_usage\":false,\"z\":1}"), "groq"),
              "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true,\"z\":1}," +
                  kMessages + "}");
    EXPECT_EQ(sent(body(""), "mistral"), "{\"model\":\"m\",\"stream\":true," + kMessages + "}");
}

TEST(UpstreamBody, ShapesCacheMarksForOpenRouter) {
    auto body =
        "{\"model\":\"a\",\"messages\":[{\"role\":\"user\",\"content\":\"x\",\"cache_control\":{\"type\":"
        "\"ephemeral\"}}, "
        "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"y\"}],\"cache_control\":1},{\"role\":"
        "\"user\",\"content\":\"z\"}]}";

    EXPECT_EQ(sent(body, "openrouter", {}, "z-ai/glm-4.6"),
              "{\"model\":\"z-ai/"
              "glm-4.6\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\","
              "\"cache_control\":{\"type\":\"ephemeral\"}}]}, "
              "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"y\",\"cache_control\":1}]},{"
              "\"role\":\"user\",\"content\":\"z\"}],\"usage\":{\"include\":true}}");
    EXPECT_EQ(sent(body, "openrouter", {}, "openai/gpt-4o").find("cache_control"), std::string::npos);
}

TEST(UpstreamBody, SaysSystemForDeveloperToWhoeverKnowsNoSuchRole) {
    std::string body =
        R"({"model":"a","messages":[{"role": "developer","content":"x"},{"role":"user","content":"developer"}]})";
    EXPECT_THAT(sent(body, "openai"), testing::HasSubstr(R"("role": "developer")"));
    EXPECT_THAT(
        sent(body, "groq"),
        testing::HasSubstr(
            R"("messages":[{"role": "system","content":"x"},{"role":"user","content":"developer"}])"));
    EXPECT_THAT(
        sent(
            R"({"model":"a","messages":[{"role":"developer","content":"x","cache_control":{"type":"ephemeral"}}]})",
            "openrouter", {}, "anthropic/claude-x"),
        testing::HasSubstr(
            R"([{"role":"system","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]}])"));
}

}  // namespace seance::litellm
