#include "services/litellm/domain/forms/responses_form.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "services/litellm/domain/forms/completion_form.hpp"
#include "services/litellm/domain/forms/conversations.hpp"
#include "services/litellm/domain/forms/embedding_form.hpp"
#include "services/litellm/domain/forms/input_items.hpp"
#include "services/litellm/domain/forms/responses_request.hpp"

namespace seance::litellm {
namespace {

using testing::HasSubstr;

std::string translate(std::string_view body, std::string_view before = "") {
    auto root = parse_json(body);
    return responses_to_chat(*root, before)->body;
}

}  // namespace

TEST(ResponsesForm, TurnsItemsIntoMessages) {
    EXPECT_EQ(
        translate(
            "{\"input\":[{\"role\":\"developer\",\"content\":\"d\"},{\"type\":\"function_call\",\"call_id\":"
            "\"c\",\"name\":\"f\",\"arguments\":\"{}\"},{\"type\":\"function_call\",\"call_id\":\"e\","
            "\"name\":"
            "\"g\",\"arguments\":\"{}\"},{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":"
            "\"o\"}]}"),
        "{\"messages\":[{\"role\":\"system\",\"content\":\"d\"},{\"role\":\"assistant\",\"content\":null,"
        "\"tool_calls\":["
        "{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},{\"id\":"
        "\"e\",\"type\":"
        "\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"tool_call_"
        "id\":\"c\","
        "\"content\":\"o\"}]}");
    EXPECT_THAT(
        translate("{\"input\":\"b\",\"instructions\":\"i\"}", "{\"role\":\"user\",\"content\":\"a\"}"),
        HasSubstr("[{\"role\":\"system\",\"content\":\"i\"},{\"role\":\"user\",\"content\":\"a\"},{\"role\":"
                  "\"user\","
                  "\"content\":\"b\"}]"));
}

TEST(Conversations, AreSeenByWhoMadeThemAndForgetTheOldest) {
    Conversations all(100);
    all.keep("me", "1", {std::string(40, 'a'), "", ""});
    EXPECT_TRUE(all.find("me", "1"));
    EXPECT_FALSE(all.find("you", "1"));
    all.keep("me", "2", {std::string(40, 'b'), "", ""});
    EXPECT_TRUE(all.find("me", "1")) << "used last, kept longest";
    all.keep("me", "3", {std::string(40, 'c'), "", ""});
    EXPECT_FALSE(all.find("me", "2"));
    EXPECT_TRUE(all.forget("me", "3"));
    EXPECT_FALSE(all.forget("me", "3"));
    all.keep("me", "4", {std::string(200, 'd'), "", ""});
    EXPECT_FALSE(all.find("me", "4"));
}

TEST(InputItems, AreShownByPagesWithWhatTheClientLeftOut) {
    std::string items =
        "{\"role\":\"user\",\"content\":\"Hi\"},{\"type\":\"function_call_output\",\"id\":\"own\",\"output\":"
        "\"1\"},"
        "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[]}";

    EXPECT_EQ(*input_page(items, "resp_ab", "order=asc&limit=2"),
              "{\"object\":\"list\",\"data\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
              "\"text\":\"Hi\"}],"
              "\"type\":\"message\",\"status\":\"completed\",\"id\":\"msg_abin00\"},"
              "{\"type\":\"function_call_output\",\"id\":\"own\",\"output\":\"1\"}],"
              "\"first_id\":\"msg_abin00\",\"last_id\":\"own\",\"has_more\":true}");
    EXPECT_THAT(*input_page(items, "resp_ab", ""),
                HasSubstr("\"first_id\":\"msg_abin02\",\"last_id\":\"msg_abin00\""));
    EXPECT_EQ(*input_page(items, "resp_ab", "after=msg_abin00"),
              "{\"object\":\"list\",\"data\":[],\"first_id\":null,\"last_id\":null,\"has_more\":false}");
    for (auto& [query, parameter] : {std::pair{"limit=0", "limit"},
                                     {"limit=101", "limit"},
                                     {"order=up", "order"},
                                     {"after=nothing", "after"}})
        EXPECT_EQ(input_page(items, "resp_ab", query).error().param, parameter);
}

TEST(EmbeddingForm, EncodesFloatsAsClientsDecodeThem) {
    EXPECT_EQ(floats_to_base64(*parse_json("[1, -0.5, 1e-7]")), "AACAPwAAAL+Vv9Yz");
}

TEST(EmbeddingForm, EncodesWhatAnUpstreamLeftAsNumbersAndNothingElse) {
    auto answer = parse_json(
        "{\"data\":[{\"index\":0,\"x\":1.50,\"embedding\":[1]},{\"index\":1,\"embedding\":\"AACAPw==\"}]}");
    EXPECT_EQ(embeddings_in_base64(*answer),
              "{\"data\":[{\"index\":0,\"x\":1.50,\"embedding\":\"AACAPw==\"},"
              "{\"index\":1,\"embedding\":\"AACAPw==\"}]}");
    EXPECT_FALSE(embeddings_in_base64(*parse_json("{\"data\":[{\"embedding\":\"AACAPw==\"}]}")));
    EXPECT_FALSE(embeddings_in_base64(*parse_json("{\"data\":{}}")));
}

TEST(CompletionForm, TurnsChatsIntoTexts) {
    EXPECT_EQ(*prompt_to_chat(*parse_json("{\"prompt\":\"a\",\"logprobs\":2,\"echo\":true}")),
              "{\"logprobs\":true,\"top_logprobs\":2,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}");
    EXPECT_EQ(prompt_to_chat(*parse_json("{\"prompt\":[\"a\",\"b\"]}")).error().param, "prompt");
    EXPECT_EQ(chat_to_text_completion(
                  "{\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"},\"finish_reason\":"
                  "null}]}"),
              "");
    EXPECT_THAT(chat_to_text_completion("{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"x\"}}]}"),
                HasSubstr("{\"text\":\"x\",\"index\":1,\"logprobs\":null,\"finish_reason\":null}"));
}

TEST(CompletionForm, WritesLogProbabilitiesAsTextsHaveThem) {
    auto chunk = [](std::string_view token) {
        return fmt::format(
            "{{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{0}\"}},\"logprobs\":{{\"content\":[{{"
            "\"token\":"
            "\"{0}\",\"logprob\":-0.5,\"top_logprobs\":[{{\"token\":\"x\",\"logprob\":-1e-7}}]}}]}}}}]}}",
            token);
    };
    TextOffsets offsets;
    chat_to_text_completion(chunk("Hello"), &offsets);

    EXPECT_THAT(chat_to_text_completion(chunk("there"), &offsets),
                HasSubstr("\"logprobs\":{\"tokens\":[\"there\"],\"token_logprobs\":[-0.5],"
                          "\"top_logprobs\":[{\"x\":-1e-7}],\"text_offset\":[5]}"));
}

TEST(CompletionForm, WritesAChunkThatCameOverLinesOnOne) {
    CompletionForm form;
    Config config;
    Deployment deployment;
    Endpoint endpoint{find_provider("text-completion-openai"), "m", "http://up", {}};
    auto request = form.parse("{\"prompt\":\"x\",\"stream\":true}", {}, "model", config);
    AnswerContext context{endpoint.provider, SecretText(""), "m", "id", 1, 1};
    auto dialogue = form.begin(*request, {endpoint, deployment, config}, context);

    auto step = (*dialogue)->stream()->feed("data: {\"choices\":\ndata: [{\"text\":\"Hi\"}]}\n\n");

    EXPECT_THAT(step.out, HasSubstr("data: {\"choices\": [{\"text\":\"Hi\"}]"));
}

}  // namespace seance::litellm
