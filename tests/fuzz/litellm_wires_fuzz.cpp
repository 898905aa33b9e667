// The gateway's translations between forms: requests of every client form to every wire, answers and streams
// back. The first byte chooses; what comes out must be JSON where JSON is due, and a stream the same however
// its bytes were split.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/base/base64.hpp"
#include "relayed.hpp"
#include "services/litellm/domain/event_stream.hpp"
#include "services/litellm/domain/forms/anthropic_form.hpp"
#include "services/litellm/domain/forms/completion_form.hpp"
#include "services/litellm/domain/forms/embedding_form.hpp"
#include "services/litellm/domain/forms/responses_events.hpp"
#include "services/litellm/domain/forms/responses_form.hpp"
#include "services/litellm/domain/multipart.hpp"
#include "services/litellm/domain/raw_events.hpp"
#include "services/litellm/domain/sse.hpp"
#include "services/litellm/domain/wires/anthropic_native.hpp"
#include "services/litellm/domain/wires/gemini_schema.hpp"
#include "services/litellm/domain/wires/responses_native.hpp"

namespace {

using namespace seance;
using namespace seance::litellm;

constexpr std::string_view kProviders[] = {
    "openai", "anthropic", "gemini", "bedrock", "ollama_chat", "ollama", "text-completion-openai"};

void require(bool holds) {
    if (!holds) std::abort();
}

// What one attempt needs; the parts refer to one another.
struct Talk {
    explicit Talk(std::string_view provider)
        : endpoint{find_provider(provider), "gemini-3-claude", "http://up", SecretText("secret"),
                   std::make_shared<const AwsAccess>(
                       AwsAccess{"eu-west-1", SecretText("id"), SecretText("secret"), {}})},
          context{endpoint.provider, endpoint.key, "m", "chatcmpl-1", 1, 1} {
        config.drop_params = config.modify_params = true;
        endpoint.key = SecretText(provider == "bedrock" ? "" : "secret");
    }
    Destination to() const { return {endpoint, deployment, config}; }

    Endpoint endpoint;
    Deployment deployment;
    Config config;
    AnswerContext context;
};

std::unique_ptr<ClientForm> make_form(char which) {
    switch (which % 4) {
        case 0:
            return std::make_unique<ChatForm>();
        case 1:
            return std::make_unique<AnthropicForm>();
        case 2:
            return std::make_unique<ResponsesForm>();
        default:
            return std::make_unique<CompletionForm>();
    }
}

// Every client's request to every upstream.
void fuzz_requests(std::string_view text) {
    for (char form_index = 0; form_index < 5; ++form_index)
        for (auto provider : kProviders) {
            Talk talk(provider);
            std::unique_ptr<ClientForm> form = make_form(form_index);
            if (form_index == 4) form = std::make_unique<EmbeddingForm>();
            auto request = form->parse(std::string(text), {}, "model", talk.config);
            if (!request) {
                require(parse_json(form->error_body(request.error())).has_value());
                continue;
            }
            auto dialogue = form->begin(*request, talk.to(), talk.context);
            if (!dialogue) continue;
            auto call = (*dialogue)->call();
            if (!call) continue;
            require(parse_json(call->request.body).has_value());
        }
}

// A whole answer of every upstream to every client.
void fuzz_answers(std::string_view text) {
    static const std::string chat =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":1,"
        "\"input\":\"x\",\"prompt\":\"x\"}";
    for (char form_index = 0; form_index < 5; ++form_index)
        for (auto provider : kProviders) {
            Talk talk(provider);
            std::unique_ptr<ClientForm> form = make_form(form_index);
            if (form_index == 4) form = std::make_unique<EmbeddingForm>();
            auto request = form->parse(chat, {}, "model", talk.config);
            auto dialogue = form->begin(*request, talk.to(), talk.context);
            if (!dialogue) continue;
            (*dialogue)->error(429, text);
            if (auto whole = (*dialogue)->whole(text)) require(parse_json(whole->json).has_value());
            (*dialogue)->whole_as_stream(text);
        }
}

// Ids that are made up differ from run to run.
std::string without_ids(std::string text) {
    for (auto at = text.find("call_"); at != std::string::npos; at = text.find("call_", at + 5)) {
        auto end = text.find_first_not_of("0123456789abcdef", at + 5);
        if (end == std::string::npos) end = text.size();
        if (end - at - 5 >= 32) text.erase(at + 5, 32);
    }
    return text;
}

std::string relay(Dialogue& dialogue, std::string_view bytes, std::size_t size) {
    return without_ids(relayed(*dialogue.stream(), bytes, size));
}

void fuzz_stream(std::string_view provider, char which, std::string_view text, bool sound = false) {
    static const std::string chat =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":1,"
        "\"input\":\"x\",\"prompt\":\"x\",\"stream\":true,\"store\":false}";
    Talk talk(provider);
    auto form = make_form(which);
    auto request = form->parse(chat, {}, "model", talk.config);
    auto dialogue = form->begin(*request, talk.to(), talk.context);
    if (!dialogue) return;
    auto whole = relay(**dialogue, text, text.size() + 1);
    for (std::size_t size : {1u, 3u, 11u}) require(relay(**dialogue, text, size) == whole);
    SseParser check;
    check.feed(whole);
    // Streams that pass as they are may hold what their upstream sent.
    bool passes = (which % 4 == 1 && provider == "anthropic") || (which % 4 == 2 && provider == "openai");
    while (auto data = check.next())
        require((passes && !sound) || *data == "[DONE]" || parse_json(*data).has_value());
}

// Lines of an event's type and its JSON, in frames whose checksums hold: what a change of a byte would not
// get past.
void fuzz_framed(char which, std::string_view text) {
    std::string frames;
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        auto type = line.substr(0, line.find(' '));
        line.remove_prefix(std::min(line.size(), type.size() + 1));
        auto claudes = type == "chunk";
        auto payload = claudes ? JsonObject().text("bytes", base64_encode(line)).str() : std::string(line);
        auto exception = type.ends_with("Exception");
        frames += frame_event({{":message-type", exception ? "exception" : "event"},
                               {exception ? ":exception-type" : ":event-type", std::string(type)}},
                              payload);
    }
    fuzz_stream("bedrock", which, frames, true);
}

// Answers that are kept and shown again: events that are whole, in order, from any place on.
void fuzz_kept(std::string_view text) {
    auto root = parse_json(text);
    if (!root || !root->is(JsonKind::Object)) return;
    ResponseSteps steps;
    for (std::size_t i = 0; i < text.size() && i < 20; ++i) {
        auto byte = static_cast<unsigned char>(text[text.size() - 1 - i]);
        steps.push_back({static_cast<ResponseStep::Kind>(byte % 3), byte / 3u % 4, byte / 12u});
    }
    for (auto& taken : {ResponseSteps{}, steps}) {
        auto all = replay_response(*root, taken, std::nullopt);
        require(all.ends_with(replay_response(*root, taken, 2)));
        SseParser check;
        check.feed(all);
        std::uint64_t number = 0;
        while (auto data = check.next()) {
            auto event = parse_json(*data);
            require(event && JsonFields(*event).count("sequence_number") == number++);
        }
        require(number >= 3 && !check.rest());
    }
}

void fuzz_frames(std::string_view text) {
    auto read = [&](std::size_t size) {
        EventStream stream;
        std::string out;
        for (auto rest = text; !rest.empty(); rest.remove_prefix(std::min(size, rest.size()))) {
            stream.feed(rest.substr(0, size));
            while (auto message = stream.next())
                out += message->payload + std::string(message->header(":event-type"));
        }
        return out;
    };
    require(read(1) == read(text.size() + 1));
    auto framed = frame_event({{"a", "b"}}, text);
    EventStream stream;
    stream.feed(framed);
    auto message = stream.next();
    require(message && message->payload == text && message->header("a") == "b" && !stream.pending());
}

void fuzz_parts(std::string_view text) {
    auto type = "multipart/form-data; boundary=xx";
    auto parts = parse_multipart(text, type);
    auto set = set_form_field(text, type, "model", "new");
    if (!parts) return;
    auto changed = parse_multipart(set, type);
    require(changed.has_value());
    for (auto& part : *changed)
        if (part.name == "model" && !part.is_file) {
            require(part.value == "new");
            return;
        }
    std::abort();
}

void fuzz_schema(std::string_view text) {
    require(parse_json(gemini_schema(text)).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    if (text.size() < 2) return 0;
    auto rest = text.substr(2);
    switch (text[0]) {
        case 'q':
            fuzz_requests(rest);
            break;
        case 'w':
            fuzz_answers(rest);
            break;
        case 'f':
            fuzz_frames(rest);
            break;
        case 'p':
            fuzz_parts(rest);
            break;
        case 'b':
            fuzz_framed(text[1], rest);
            break;
        case 'k':
            fuzz_kept(rest);
            break;
        case 'e':
            if (auto root = parse_json(rest))
                if (auto encoded = embeddings_in_base64(*root)) require(parse_json(*encoded).has_value());
            break;
        case 'c':
            fuzz_schema(rest);
            break;
        default:
            fuzz_stream(kProviders[static_cast<unsigned char>(text[0]) % std::size(kProviders)], text[1],
                        rest);
    }
    return 0;
}
