// The gateway's parsers of hostile input: JSON editing, server-sent events with the chat stream, chunks that
// are alike, config.yaml. The first byte chooses; what comes out must be valid, and the same however the
// bytes were split and whatever was learned from the chunk before.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "relayed.hpp"
#include "services/litellm/config/config.hpp"
#include "services/litellm/domain/chat_stream.hpp"
#include "services/litellm/domain/raw_events.hpp"
#include "services/litellm/domain/sse.hpp"
#include "services/litellm/domain/upstream_body.hpp"
#include "services/litellm/domain/upstream_call.hpp"

namespace {

using namespace seance;
using namespace seance::litellm;

void require(bool holds) {
    if (!holds) std::abort();
}

void fuzz_json(std::string_view text) {
    auto root = parse_json(text);
    Config config;
    auto request = parse_chat_request(std::string(text), {}, "model", config);
    if (!root) {
        require(!request);
        return;
    }
    JsonEdit edit(*root);
    require(edit.text() == root->text);
    if (root->is(JsonKind::Object)) {
        edit.set("model", "\"x\"");
        edit.remove("n");
        edit.remove_path("messages[*].content");
        auto edited = edit.text();
        auto changed = parse_json(edited);
        require(changed && json_text(json_find(*changed, "model")) == "x" && !json_find(*changed, "n"));
    }
    AnswerContext context{find_provider("openrouter"), SecretText("secret"), "m", "id", 1, 1};
    if (auto answer = rewrite_completion(text, context)) {
        auto rewritten = parse_json(answer->json);
        require(rewritten && json_text(json_find(*rewritten, "model")) == "m");
        for (auto& chunk : completion_to_chunks(*rewritten)) require(parse_json(chunk).has_value());
    }
    if (request) {
        Deployment deployment;
        deployment.drop_params = {"user", "a.b"};
        require(parse_json(upstream_body(*request, deployment, {find_provider("openrouter"), "glm", "", {}}))
                    .has_value());
    }
}

// What a client gets of these bytes, fed in pieces of `size`.
std::string relay(std::string_view bytes, std::size_t size) {
    Endpoint endpoint{find_provider("openai"), "m", "http://up", {}};
    Deployment deployment;
    Config config;
    ChatRequest request;
    request.include_usage = true;
    ChatForm form;
    auto dialogue = form.begin(request, {endpoint, deployment, config},
                               {find_provider("openai"), SecretText("secret"), "m", "id", 1, 1});
    return relayed(*(*dialogue)->stream(), bytes, size);
}

// Every event of bytes that are cut once, at `split`.
template <class Parser, class Print>
std::string events_of(std::string_view bytes, std::size_t split, Print print) {
    Parser parser;
    std::string out;
    auto take = [&] {
        while (auto event = parser.next()) out += print(*event) + "\n";
    };
    parser.feed(bytes.substr(0, split));
    take();
    parser.feed(bytes.substr(split));
    take();
    if (auto rest = parser.rest()) out += print(*rest);
    return out;
}

void fuzz_splits(std::string_view text) {
    constexpr std::size_t kMost = 300;  // each split reads all of it
    text = text.substr(0, kMost);
    auto data = [](const std::string& event) { return event; };
    auto raw = [](const RawEvents::Event& event) { return event.bytes + event.data; };
    auto parsed = events_of<SseParser>(text, 0, data), kept = events_of<RawEvents>(text, 0, raw);
    for (std::size_t split = 1; split <= text.size(); ++split)
        require(events_of<SseParser>(text, split, data) == parsed &&
                events_of<RawEvents>(text, split, raw) == kept);
}

void fuzz_stream(std::string_view text) {
    fuzz_splits(text);
    auto whole = relay(text, text.size() + 1);
    require(relay(text, 1) == whole && relay(text, 7) == whole);
    SseParser check;
    check.feed(whole);
    while (auto data = check.next()) require(*data == "[DONE]" || parse_json(*data).has_value());
    require(!check.rest());
}

// What a stream made of these chunks, a line each and each twice; `apart`: with an empty one before each, so
// that none is like the one before.
std::string made_of(std::string_view lines, bool apart) {
    const AnswerContext context{find_provider("openai"), SecretText("secret"), "m", "id", 1, 1};
    ChatForm form;
    auto client = form.stream(context);
    ChatStream chat(context, true, *client);
    std::string out;
    bool over = false;
    auto note = [&](const ChatStream::Step& step) {
        out += step.out + (step.content ? "content " : "") + std::to_string(chat.usage().completion) + "\n";
        if (step.error) out += step.error->message;
        over = step.over();
    };
    auto take = [&](std::string_view chunk) {
        if (over) return;
        ChatStream::Step nothing, step;
        if (apart) chat.take("", nothing);
        chat.take(chunk, step);
        note(step);
    };
    // Without a first chunk that has the role, one that is repeated is not what it was.
    take(R"({"choices":[{"index":0,"delta":{"role":"assistant"}}]})");
    while (!lines.empty() && !over) {
        const auto line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
        take(line);
        take(line);
    }
    ChatStream::Step last;
    chat.end(last);
    note(last);
    return out;
}

void fuzz_alike(std::string_view lines) {
    require(made_of(lines, false) == made_of(lines, true));
}

void fuzz_config(std::string_view text) {
    ReadFile read_file = [&](const std::string&) {
        return Outcome<std::string>(boost::system::in_place_value, std::string(text));
    };
    auto config = read_config("config.yaml", read_file, {{"KEY", "value"}});
    if (!config) return;
    for (auto& deployment : config->deployments)
        require(parse_json(deployment->params_json) && parse_json(deployment->info_json) &&
                !deployment->id.empty());
    unusable_deployments(*config);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    if (text.empty()) return 0;
    auto rest = text.substr(1);
    if (text[0] == 'j')
        fuzz_json(rest);
    else if (text[0] == 's')
        fuzz_stream(rest);
    else if (text[0] == 'a')
        fuzz_alike(rest);
    else
        fuzz_config(rest);
    return 0;
}
