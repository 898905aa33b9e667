#include <gmock/gmock.h>

#include "services/litellm/domain/wires/gemini_answer.hpp"
#include "services/litellm/domain/wires/gemini_request.hpp"
#include "services/litellm/domain/wires/gemini_schema.hpp"
#include "services/litellm/domain/wires/gemini_wire.hpp"

namespace seance::litellm {
namespace {

using testing::HasSubstr;

std::string make(std::string_view body, std::string_view model = "gemini-2.5-pro") {
    auto root = parse_json(body);
    return make_gemini_request(*read_openai_chat(*root), model);
}

}  // namespace

TEST(GeminiSchema, KeepsWhatGeminiTakes) {
    EXPECT_EQ(
        gemini_schema("{\"$schema\":\"x\",\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
                      "\"a\":{\"type\":\"string\",\"format\":\"email\"}},\"required\":[\"a\"]}"),
        "{\"type\":\"object\",\"required\":[\"a\"],\"properties\":{\"a\":{\"type\":\"string\"}}}");
    EXPECT_EQ(gemini_schema("{\"type\":[\"integer\",\"null\"],\"enum\":[1,2]}"),
              "{\"type\":\"integer\",\"nullable\":true}");
    EXPECT_EQ(gemini_schema("{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}],\"description\":\"d\"}"),
              "{\"type\":\"string\",\"description\":\"d\",\"nullable\":true}");
    EXPECT_EQ(gemini_schema("{\"enum\":[\"a\",\"\"]}"), "{\"type\":\"string\",\"enum\":[\"a\"]}");
}

TEST(GeminiSchema, EndsWhereASchemaRefersToItself) {
    auto made = gemini_schema(
        "{\"$defs\":{\"T\":{\"type\":\"object\",\"properties\":{\"t\":{\"$ref\":\"#/$defs/"
        "T\"}}}},\"$ref\":\"#/$defs/T\"}");
    EXPECT_EQ(made, "{\"type\":\"object\",\"properties\":{\"t\":{\"type\":\"object\"}}}");
}

TEST(GeminiRequest, PlansThinkingAsTheModelKnowsIt) {
    auto effort = [](std::string_view word, std::string_view model) {
        return make("{\"messages\":[],\"reasoning_effort\":\"" + std::string(word) + "\"}", model);
    };
    EXPECT_THAT(effort("high", "gemini-2.5-pro"),
                HasSubstr("{\"thinkingBudget\":4096,\"includeThoughts\":true}"));
    EXPECT_THAT(effort("none", "gemini-2.5-flash"), HasSubstr("{\"thinkingBudget\":0}"));
    EXPECT_THAT(effort("minimal", "gemini-3-pro"), HasSubstr("\"thinkingLevel\":\"low\""));
}

TEST(GeminiRequest, SaysSomethingWhereGeminiWantsIt) {
    EXPECT_THAT(make("{\"messages\":[{\"role\":\"system\",\"content\":\"s\"}]}"),
                HasSubstr("\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\" \"}]}]"));
}

TEST(GeminiAnswer, MapsEveryReason) {
    for (auto [word, finish] : {std::pair("STOP", "stop"),
                                {"MAX_TOKENS", "length"},
                                {"SAFETY", "content_filter"},
                                {"RECITATION", "content_filter"},
                                {"BLOCKLIST", "content_filter"},
                                {"PROHIBITED_CONTENT", "content_filter"},
                                {"SPII", "content_filter"},
                                {"IMAGE_SAFETY", "content_filter"},
                                {"MALFORMED_FUNCTION_CALL", "stop"}})
        EXPECT_EQ(finish_of_gemini_reason(word), finish) << word;
}

TEST(GeminiWire, BuildsAddressesOfAnyBase) {
    Deployment deployment;
    Config config;
    auto url = [&](std::string base, std::string model, bool stream) {
        Endpoint endpoint{find_provider("gemini"), std::move(model), std::move(base), SecretText("k")};
        return gemini_call({endpoint, deployment, config}, "m", "{}", stream)->url.target;
    };
    EXPECT_EQ(url("http://h", "a", false), "/v1beta/models/a:m");
    EXPECT_EQ(url("http://h/v1beta/", "a", true), "/v1beta/models/a:m?alt=sse");
    EXPECT_EQ(url("http://h/x?k=1", "tunedModels/b", true), "/x/v1beta/tunedModels/b:m?k=1&alt=sse");
}

}  // namespace seance::litellm
