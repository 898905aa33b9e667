#include "services/litellm/domain/chat_answer.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "services/litellm/domain/json_build.hpp"

namespace seance::litellm {
namespace {

std::uint64_t count(const std::optional<JsonValue>& value) {
    auto number = json_number(value);
    return number && *number > 0 && *number < 1e15 ? static_cast<std::uint64_t>(*number) : 0;
}

// Some servers write a call's arguments as the object that they mean, and leave out that it is a function's.
std::optional<std::string> calls_in_texts(const JsonValue& calls, bool whole) {
    JsonArray texts;
    bool changed = false;
    for (auto& value : json_elements(calls)) {
        JsonEdit call(value);
        auto inner = call.find("function");
        if (!inner || !inner->is(JsonKind::Object)) {
            texts.add(value.text);
            continue;
        }
        JsonEdit function(*inner);
        auto arguments = function.find("arguments");
        bool none = !arguments || arguments->is(JsonKind::Null);
        if (none ? whole : !arguments->is(JsonKind::String)) {
            function.set("arguments", json_quote(none ? "{}" : arguments->text));
            call.set("function", function.text());
        }
        if (whole) call.fill("type", "\"function\"");
        changed = changed || call.changed();
        texts.add(call.text());
    }
    return changed ? std::optional(texts.str()) : std::nullopt;
}

}  // namespace

ApiError not_an_answer(const AnswerContext& context, std::string_view body, std::string_view why) {
    auto error = upstream_error(*context.provider, 502, "", context.key);
    // Enough of it to recognise an HTML page or a proxy's notice.
    auto begin = body.substr(0, 200);
    while (!is_utf8(begin)) begin.remove_suffix(1);
    error.told = fmt::format("litellm.BadGatewayError: {}Exception - the upstream answered 200, but {}",
                             context.provider->error_name, why);
    error.message = begin.empty() ? error.told : fmt::format("{}: {}", error.told, begin);
    if (!context.key.empty() && error.message.find(context.key.reveal()) != std::string::npos)
        error.message = error.told;
    return error;
}

std::string_view map_finish_reason(std::string_view word) {
    for (std::string_view known : {"stop", "length", "tool_calls", "content_filter", "function_call"})
        if (word == known) return known;
    auto name = lower(word);
    for (std::string_view longest : {"max_tokens", "max_length", "model_length", "max_output_tokens"})
        if (name == longest) return "length";
    for (std::string_view tools : {"tool_use", "tool_call"})
        if (name == tools) return "tool_calls";
    for (std::string_view filter : {"safety", "recitation", "blocklist", "prohibited_content", "spii",
                                    "refusal", "content_filtered", "guardrail_intervened"})
        if (name == filter) return "content_filter";
    return "stop";
}

std::optional<Usage> read_usage(const std::optional<JsonValue>& usage) {
    if (!usage || !usage->is(JsonKind::Object)) return std::nullopt;
    Usage read;
    const auto [prompt, completion, cost, written, prompt_details, completion_details, hits] = json_find_all(
        *usage, {"prompt_tokens", "completion_tokens", "cost", "cache_creation_input_tokens",
                 "prompt_tokens_details", "completion_tokens_details", "prompt_cache_hit_tokens"});
    read.prompt = count(prompt);
    read.completion = count(completion);
    if (cost) read.cost = json_number(cost);
    read.cache_creation = count(written);
    if (prompt_details) {
        const auto [cached, created, audio] =
            json_find_all(*prompt_details, {"cached_tokens", "cache_creation_tokens", "audio_tokens"});
        read.cached = count(cached);
        if (auto tokens = count(created)) read.cache_creation = tokens;
        read.audio = count(audio);
    }
    if (completion_details) {
        const auto [reasoning, audio] =
            json_find_all(*completion_details, {"reasoning_tokens", "audio_tokens"});
        read.reasoning = count(reasoning);
        read.audio_out = count(audio);
    }
    if (hits) read.cached = count(hits);  // DeepSeek's name
    return read;
}

std::string usage_with_cost(std::string usage, const Usage& counted, const AnswerContext& context) {
    auto cost = context.cost ? context.cost(counted) : std::nullopt;
    auto object = cost ? parse_json(usage) : std::nullopt;
    if (!object || !object->is(JsonKind::Object)) return usage;
    JsonEdit edit(*object);
    edit.set("cost", print_usd(*cost));
    return edit.text();
}

std::string usage_json(const Usage& usage) {
    return fmt::format("{{\"prompt_tokens\":{},\"completion_tokens\":{},\"total_tokens\":{}}}", usage.prompt,
                       usage.completion, usage.prompt + usage.completion);
}

std::optional<ApiError> error_in_answer(const JsonValue& root, const AnswerContext& context) {
    return error_in_answer(root, json_find(root, "error"), context);
}

std::optional<ApiError> error_in_answer(const JsonValue& root, const std::optional<JsonValue>& error,
                                        const AnswerContext& context) {
    if (!error || error->is(JsonKind::Null)) return std::nullopt;
    return upstream_error(*context.provider, status_in_error(root.text), root.text, context.key);
}

void fill_identity(JsonEdit& edit, const AnswerContext& context, std::string_view object) {
    auto absent = [&](std::string_view key) {
        auto value = edit.find(key);
        return !value || value->is(JsonKind::Null) || value->text == "\"\"";
    };
    edit.set("model", json_quote(context.model));
    if (absent("id")) edit.set("id", json_quote(context.id));
    if (absent("created")) edit.set("created", std::to_string(context.created));
    if (absent("object")) edit.set("object", json_quote(object));
}

std::optional<std::string> rewrite_choice(const JsonValue& choice, std::string_view part) {
    const bool whole = part == "message";
    const auto [inner, reason] = json_find_all(choice, {part, "finish_reason"});
    bool has_calls = false;
    std::optional<std::string> message, finish_reason;
    if (inner && inner->is(JsonKind::Object)) {
        const auto [calls, reasoning, content] =
            json_find_all(*inner, {"tool_calls", "reasoning", "reasoning_content"});
        std::optional<std::string> texts;
        if (calls && calls->is(JsonKind::Array)) {
            has_calls = !json_elements(*calls).empty();
            texts = calls_in_texts(*calls, whole);
        }
        const bool moves_reasoning = reasoning && reasoning->is(JsonKind::String) && !content;
        if (texts || moves_reasoning) {
            JsonEdit edit(*inner);
            if (texts) edit.set("tool_calls", std::move(*texts));
            if (moves_reasoning) edit.set("reasoning_content", std::string(reasoning->text));
            message = edit.text();
        }
    }
    if (auto word = json_text(reason)) {
        if (map_finish_reason(*word) != *word) finish_reason = json_quote(map_finish_reason(*word));
    } else if (whole) {
        finish_reason = has_calls ? "\"tool_calls\"" : "\"stop\"";
    }
    if (!message && !finish_reason) return std::nullopt;
    JsonEdit edit(choice);
    if (message) edit.set(part, std::move(*message));
    if (finish_reason) edit.set("finish_reason", std::move(*finish_reason));
    return edit.text();
}

Answer<Completion> rewrite_completion(std::string_view body, const AnswerContext& context) {
    if (trim(body).empty()) return not_an_answer(context, "", "the body is empty");
    auto root = parse_json(body);
    if (!root || !root->is(JsonKind::Object))
        return not_an_answer(context, body, "the body is no JSON object");
    JsonEdit edit(*root);
    if (auto error = error_in_answer(*root, edit.find("error"), context)) return *error;
    auto choices = edit.find("choices");
    if (!choices || !choices->is(JsonKind::Array))
        return not_an_answer(context, body, "the body has no list \"choices\"");

    fill_identity(edit, context, "chat.completion");
    std::string rewritten;
    std::size_t done = 0;
    const auto all = json_elements(*choices);
    for (const auto& choice : all) {
        if (!choice.is(JsonKind::Object)) return not_an_answer(context, body, "a choice is no object");
        auto changed = rewrite_choice(choice, "message");
        if (!changed) continue;
        auto begin = static_cast<std::size_t>(choice.text.data() - choices->text.data());
        rewritten += choices->text.substr(done, begin - done);
        rewritten += *changed;
        done = begin + choice.text.size();
    }
    if (done > 0) edit.set("choices", rewritten + std::string(choices->text.substr(done)));
    Completion completion;
    if (auto usage = read_usage(edit.find("usage"))) {
        completion.usage = *usage;
    } else {
        std::string content;
        for (const auto& choice : all)
            if (auto message = json_find(choice, "message")) content += message->text;
        completion.usage = {context.prompt_estimate, estimate_tokens(content), std::nullopt};
        edit.set("usage", usage_json(completion.usage));
    }
    completion.json = edit.text();
    return completion;
}

std::vector<std::string> completion_to_chunks(const JsonValue& completion) {
    std::string deltas, finishes;
    for (auto& choice :
         json_elements(json_find(completion, "choices").value_or(JsonValue{"[]", JsonKind::Array}))) {
        auto index = json_find(choice, "index");
        auto number = index ? std::string(index->text) : std::string("0");
        auto message = json_find(choice, "message");
        std::string delta = "{}";
        if (message && message->is(JsonKind::Object)) {
            JsonEdit edit(*message);
            if (auto calls = edit.find("tool_calls"); calls && calls->is(JsonKind::Array)) {
                std::string numbered;
                int i = 0;
                for (auto& call : json_elements(*calls)) {
                    JsonEdit one(call);
                    if (call.is(JsonKind::Object)) one.fill("index", std::to_string(i++));
                    numbered += (numbered.empty() ? "" : ",") + one.text();
                }
                edit.set("tool_calls", "[" + numbered + "]");
            }
            delta = edit.text();
        }
        auto reason = json_find(choice, "finish_reason");
        auto word =
            reason && reason->is(JsonKind::String) ? std::string(reason->text) : std::string("\"stop\"");
        auto comma = deltas.empty() ? "" : ",";
        deltas += fmt::format("{}{{\"index\":{},\"delta\":{},\"finish_reason\":null}}", comma, number, delta);
        finishes +=
            fmt::format("{}{{\"index\":{},\"delta\":{{}},\"finish_reason\":{}}}", comma, number, word);
    }
    auto chunk = [&](const std::string& choices, bool with_usage) {
        JsonEdit edit(completion);
        edit.set("object", "\"chat.completion.chunk\"");
        edit.set("choices", "[" + choices + "]");
        if (!with_usage) edit.remove("usage");
        return edit.text();
    };
    std::vector<std::string> chunks = {chunk(deltas, false), chunk(finishes, false)};
    if (json_find(completion, "usage")) chunks.push_back(chunk("", true));
    return chunks;
}

}  // namespace seance::litellm
