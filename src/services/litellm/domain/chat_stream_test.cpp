#include "services/litellm/domain/chat_stream.hpp"

#include <gmock/gmock.h>

#include <random>

#include "services/litellm/domain/mock.hpp"
#include "services/litellm/domain/sse.hpp"

namespace seance::litellm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

AnswerContext context() {
    return {find_provider("openai"), SecretText("k"), "public", "chatcmpl-made", 77, 5};
}

struct Outcomes {
    std::vector<std::string> events;
    std::optional<ApiError> error;
    bool done = false;
};

// Everything a client would get of these upstream events, and of the end after them.
Outcomes relay(std::vector<std::string> upstream, bool usage = false, const AnswerContext& with = context()) {
    ChatForm form;
    auto client = form.stream(with);
    ChatStream chat(with, usage, *client);
    SseParser parser;
    Outcomes seen;
    auto note = [&](ChatStream::Step step) {
        parser.feed(step.out);
        while (auto event = parser.next()) seen.events.push_back(*event);
        seen.done = seen.done || step.done;
        if (step.error) seen.error = step.error;
    };
    for (auto& event : upstream)
        if (!seen.done && !seen.error) {
            ChatStream::Step step;
            chat.take(event, step);
            note(std::move(step));
        }
    if (!seen.done && !seen.error) {
        ChatStream::Step step;
        chat.end(step);
        note(std::move(step));
    }
    return seen;
}

std::string chunk(std::string choices, std::string more = "") {
    return "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"up\",\"choices\":[" +
           choices + "]" + more + "}";
}
std::string shown(std::string choices, std::string more = "") {
    auto text = chunk(std::move(choices), std::move(more));
    return text.replace(text.find("\"up\""), 4, "\"public\"");
}

const std::string kRole =
    "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}";
const std::string kText = "{\"index\":0,\"delta\":{\"content\":\"x\",\"odd\":1.0e0},\"finish_reason\":null}";
const std::string kStop = "{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}";
const std::string kUsage = ",\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}";

}  // namespace

TEST(ChatStream, ChangesOnlyTheModel) {
    auto seen = relay({chunk(kRole), chunk(kText), chunk(kStop), "[DONE]"});

    EXPECT_THAT(seen.events, ElementsAre(shown(kRole), shown(kText), shown(kStop), "[DONE]"));
    EXPECT_TRUE(seen.done);
}

TEST(ChatStream, ShowsUsageOnceAtTheEndAndOnlyIfAskedFor) {
    auto with_usage = kUsage + ",\"z\":1";
    EXPECT_THAT(relay({chunk(kRole), chunk(kStop), chunk("", with_usage), "[DONE]"}).events,
                ElementsAre(shown(kRole), shown(kStop), "[DONE]"));
    EXPECT_THAT(relay({chunk(kRole), chunk(kStop), chunk("", with_usage), "[DONE]"}, true).events,
                ElementsAre(shown(kRole), shown(kStop), shown("", with_usage), "[DONE]"));
    EXPECT_THAT(
        relay({chunk(kRole, ",\"usage\":{\"prompt_tokens\":9}"), chunk(kStop, kUsage), "[DONE]"}, true)
            .events,
        ElementsAre(shown(kRole), shown(kStop), shown("", kUsage), "[DONE]"))
        << "of usage in every chunk the last counts";
    EXPECT_THAT(relay({chunk(kRole), chunk(kStop), "[DONE]"}, true).events.at(2),
                HasSubstr("\"usage\":{\"prompt_tokens\":5"))
        << "estimated if the upstream does not say";
}

TEST(ChatStream, KeepsIdentityConstantAndGivesTheFirstDeltaARole) {
    auto seen = relay({"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}",
                       "{\"id\":\"other\",\"created\":5,\"choices\":[{\"index\":0,\"delta\":{},\"finish_"
                       "reason\":\"length\"}]}",
                       "[DONE]"});

    EXPECT_THAT(seen.events.at(0), HasSubstr("{\"content\":\"a\",\"role\":\"assistant\"}"));
    for (auto i : {0u, 1u}) {
        EXPECT_THAT(seen.events.at(i), HasSubstr("\"id\":\"chatcmpl-made\""));
        EXPECT_THAT(seen.events.at(i), HasSubstr("\"created\":77"));
    }
}

TEST(ChatStream, AnEndWithoutFinishIsAnErrorButForDone) {
    EXPECT_TRUE(relay({}).error);
    EXPECT_TRUE(relay({"[DONE]"}).error);
    EXPECT_TRUE(relay({chunk(kRole), chunk(kText)}).error);
    EXPECT_FALSE(relay({chunk(kRole), chunk(kStop)}).error) << "some leave out [DONE]";
    auto two = "{\"index\":1,\"delta\":{\"content\":\"y\"}}";
    EXPECT_TRUE(relay({chunk(kText), chunk(two), chunk(kStop)}).error) << "the second choice was cut";
    EXPECT_THAT(relay({chunk(kText), "[DONE]"}).events.at(1), HasSubstr("\"finish_reason\":\"stop\""));
    EXPECT_THAT(
        relay({chunk("{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0}]}}"), "[DONE]"}).events.at(1),
        HasSubstr("\"finish_reason\":\"tool_calls\""));
}

TEST(ChatStream, RefusesErrorsAndNonsense) {
    EXPECT_EQ(relay({chunk(kText), "{\"error\":{\"code\":429,\"message\":\"slow\"}}"}).error->status, 429);
    EXPECT_EQ(relay({"not json"}).error->status, 502);
    EXPECT_EQ(relay({"[1]"}).error->status, 502);
    EXPECT_TRUE(relay({chunk("5,null,{}"), "[DONE]"}).done);
}

TEST(ChatStream, HoldsNothingWithContentBack) {
    auto content = [](std::string choice) {
        auto client = ChatForm().stream(context());
        ChatStream::Step step;
        ChatStream(context(), false, *client).take(chunk(std::move(choice)), step);
        return step.content;
    };

    EXPECT_FALSE(content(kRole));
    EXPECT_FALSE(content(""));
    EXPECT_TRUE(content(kText));
    EXPECT_TRUE(content(kStop));
    EXPECT_TRUE(content("{\"index\":0,\"delta\":{\"reasoning_content\":\"r\"}}"));
    EXPECT_TRUE(content("{\"index\":0,\"delta\":{\"tool_calls\":[{}]}}"));
}

TEST(ChatStream, RepeatsReasoningAndLosesNothingOfAMixedChunk) {
    auto mixed =
        "{\"index\":0,\"delta\":{\"reasoning\":\"r\",\"content\":\"c\",\"tool_calls\":[{\"index\":1,"
        "\"function\":{\"arguments\":\"{\"}}]},\"finish_reason\":\"eos\"}";

    auto seen = relay({chunk(mixed), "[DONE]"});

    EXPECT_THAT(seen.events.at(0),
                HasSubstr("{\"reasoning\":\"r\",\"content\":\"c\",\"tool_calls\":[{\"index\":1,\"function\":{"
                          "\"arguments\":\"{\"}}],\"reasoning_content\":\"r\"}"));
    EXPECT_THAT(seen.events.at(0), HasSubstr("\"finish_reason\":\"stop\""));
}

TEST(ChatStream, TurnsAWholeAnswerIntoAShortStream) {
    auto whole = parse_json(
        "{\"id\":\"w\",\"created\":3,\"model\":\"m\",\"choices\":[{\"index\":0,\"finish_reason\":\"tool_"
        "calls\",\"message\":{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"t\"}]}}],\"usage\":{\"prompt_"
        "tokens\":1,\"completion_tokens\":1}}");
    auto chunks = completion_to_chunks(*whole);
    chunks.emplace_back("[DONE]");

    auto seen = relay(chunks, true);

    ASSERT_EQ(seen.events.size(), 4u);
    EXPECT_THAT(seen.events[0],
                HasSubstr("\"delta\":{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"t\",\"index\":0}]}"));
    EXPECT_THAT(seen.events[1], HasSubstr("\"finish_reason\":\"tool_calls\""));
    EXPECT_THAT(seen.events[2], HasSubstr("\"usage\""));
}

TEST(ChatStream, StreamsAMockWordByWord) {
    auto chunks = mock_chunks("one two  three", 1, context());
    std::string text;
    for (auto& one : *chunks)
        for (auto& choice : json_elements(*json_find(*parse_json(one), "choices")))
            text += json_text(json_find(choice, {"delta", "content"})).value_or("");

    EXPECT_EQ(text, "one two  three");
}

TEST(ChatStream, SaysWhatItCostOnlyWhereThatIsAskedAndKnown) {
    auto priced = context();
    priced.cost = [](const Usage& usage) { return NanoUsd(usage.prompt * 1000 + usage.completion); };
    std::vector<std::string> upstream{chunk(kRole), chunk(kStop), chunk("", kUsage + ",\"z\":1"), "[DONE]"};
    auto with_cost = ",\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"cost\":0.000001002},\"z\":1";

    EXPECT_THAT(relay(upstream, true, priced).events,
                ElementsAre(shown(kRole), shown(kStop), shown("", with_cost), "[DONE]"));
    EXPECT_THAT(relay(upstream, false, priced).events, ElementsAre(shown(kRole), shown(kStop), "[DONE]"));
    EXPECT_THAT(relay({chunk(kRole), chunk(kStop), "[DONE]"}, true, priced).events.at(2),
                HasSubstr("\"cost\":0.000005"))
        << "of an estimate as well";
    priced.cost = [](const Usage&) { return std::optional<NanoUsd>(); };
    EXPECT_EQ(relay(upstream, true, priced).events, relay(upstream, true).events);
}

// What a stream gives for these chunks; with `apart` after each one that has no text, so that none is like
// the one before.
struct Chunks {
    std::vector<std::string> events;
    std::vector<std::uint64_t> completion_tokens;
    bool failed = false;
    bool operator==(const Chunks&) const = default;
};
Chunks take(const std::vector<std::string>& chunks, bool apart) {
    ChatForm form;
    const auto with = context();
    auto client = form.stream(with);
    ChatStream chat(with, false, *client);
    Chunks seen;
    for (const auto& data : chunks) {
        ChatStream::Step step;
        chat.take(data, step);
        seen.events.push_back(step.out + (step.content ? "content" : ""));
        seen.completion_tokens.push_back(chat.usage().completion);
        seen.failed = step.error.has_value();
        if (step.over()) break;
        ChatStream::Step between;
        if (apart) chat.take(chunk(R"({"index":0,"delta":{},"finish_reason":null})"), between);
    }
    return seen;
}

TEST(ChatStream, MakesOfChunksThatAreAlikeWhatItMakesOfEachAlone) {
    std::mt19937 random(7);
    auto one_of = [&](auto& values) -> const std::string& { return values[random() % values.size()]; };
    const std::vector<std::string> texts = {
        "a",     "",   "two words",  R"(\n\"q\" \u00e9\ud83d)", "h\xc3\xa9", "\xc3",   "\x01",
        R"(\x)", "\"", R"(","x":")", R"("content":"a")",        "\"}}],",    R"(\u12)"};
    // $ and & stand for texts.
    const std::vector<std::string> shapes = {
        chunk(R"({"index":0,"delta":{"content":"$"},"finish_reason":null})"),
        chunk(R"({"index":0,"delta":{"content":"$"},"finish_reason":null})",
              R"(,"usage":null,"obfuscation":"&")"),
        R"({"obfuscation":"&","id":"c","created":2,"choices":[{"delta":{"content":"$","role":"assistant"},"index":0}]})",
        R"({ "id" : "other", "choices": [ {"index": 0, "delta": {"reasoning_content": "$", "content": null}} ] })",
        R"({"id":"c","choices":[{"index":0,"delta":{"reasoning":"$"}}]})",
        R"({"id":"c","choices":[{"index":0,"delta":{"content":"$","content":"&"}}]})",
        R"({"id":"c","choices":[{"index":0,"delta":{"content":"$"}},{"index":1,"delta":{"content":"&"}}]})",
        R"({"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"$"}}]}}]})",
        R"({"id":"c","choices":[{"index":0,"delta":{"content":"$"},"finish_reason":"&"}]})",
        R"({"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3},"x":"$"})",
        "{\"choices\":[\n{\"index\":0,\"delta\":{\"content\":\"$\"\n}}]}"};
    std::size_t whole = 0;
    for (int round = 0; round < 3000; ++round) {
        std::vector<std::string> chunks{chunk(kRole)};
        while (chunks.size() < 12) {
            const auto& shape = one_of(shapes);
            // Bad texts end a stream: most rounds have few.
            const std::size_t fine = round % 3 == 0 ? texts.size() : 5;
            for (auto repeat = 1 + random() % 4; repeat > 0; --repeat) {
                auto data = shape;
                for (char mark : {'$', '&'})
                    if (auto at = data.find(mark); at != data.npos)
                        data.replace(at, 1, texts[random() % fine]);
                chunks.push_back(data);
            }
        }
        const auto seen = take(chunks, false);
        ASSERT_EQ(seen, take(chunks, true)) << testing::PrintToString(chunks);
        whole += !seen.failed;
    }
    EXPECT_GT(whole, 1000U);
}

}  // namespace seance::litellm
