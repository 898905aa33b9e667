#include "services/litellm/domain/wires/gemini_answer.hpp"

#include <fmt/format.h>

#include "core/base/id.hpp"
#include "services/litellm/domain/wires/gemini_request.hpp"

namespace seance::litellm {
namespace {

// What a candidate holds, as the members of an OpenAI message or delta.
struct Content {
    std::string text, reasoning;
    bool has_text = false;
    JsonArray calls, images;
};

Content read_content(const JsonFields& candidate, int first_call, bool numbered) {
    Content content;
    int call = first_call, image = 0;
    for (auto& value : JsonFields(candidate.find("content")).list("parts")) {
        JsonFields part(value);
        auto signature = part.text("thoughtSignature");
        if (auto text = part.find("text", JsonKind::String)) {
            if (part.is_true("thought")) {
                content.reasoning += *json_text(*text);
            } else {
                content.text += *json_text(*text);
                content.has_text = true;
            }
        } else if (auto function = part.find("functionCall", JsonKind::Object)) {
            JsonFields fields(*function);
            auto args = fields.find("args", JsonKind::Object);
            auto id = "call_" + random_id();
            if (!signature.empty()) id += std::string(kSignatureInId) + signature;
            JsonObject one;
            if (numbered) one.number("index", static_cast<std::uint64_t>(call));
            one.text("id", id).raw("type", "\"function\"");
            one.raw("function", JsonObject()
                                    .text("name", fields.text("name"))
                                    .text("arguments", args ? args->text : "{}")
                                    .str());
            if (!signature.empty())
                one.raw("provider_specific_fields", JsonObject().text("thought_signature", signature).str());
            content.calls.add(one.str());
            ++call;
        } else if (auto data = part.find("inlineData", JsonKind::Object)) {
            JsonFields fields(*data);
            auto url = fmt::format("data:{};base64,{}", fields.text("mimeType"), fields.text("data"));
            content.images.add(JsonObject()
                                   .raw("type", "\"image_url\"")
                                   .number("index", static_cast<std::uint64_t>(image++))
                                   .raw("image_url", JsonObject().text("url", url).str())
                                   .str());
        } else if (auto code = part.find("executableCode", JsonKind::Object)) {
            content.text += fmt::format("```\n{}\n```\n", JsonFields(*code).text("code"));
            content.has_text = true;
        } else if (auto result = part.find("codeExecutionResult", JsonKind::Object)) {
            content.text += JsonFields(*result).text("output");
            content.has_text = true;
        }
    }
    return content;
}

void write_content(const Content& content, JsonObject& out) {
    out.text_if("reasoning_content", content.reasoning);
    if (!content.calls.empty()) out.raw("tool_calls", content.calls.str());
    if (!content.images.empty()) out.raw("images", content.images.str());
}

std::string index_of(const JsonFields& candidate) {
    auto index = candidate.find("index", JsonKind::Number);
    return index ? std::string(index->text) : std::string("0");
}

std::string grounding(const JsonFields& candidate) {
    auto metadata = candidate.find("groundingMetadata");
    return metadata ? JsonObject().raw("grounding_metadata", metadata->text).str() : std::string();
}

// Of the tokens that a candidate chose, beside those that it might have; "" if it does not tell.
std::string logprobs(const JsonFields& candidate) {
    JsonFields result(candidate.find("logprobsResult"));
    auto token = [](const JsonFields& one) {
        auto number = one.find("logProbability", JsonKind::Number);
        return JsonObject()
            .text("token", one.text("token"))
            .raw("logprob", number ? number->text : "0")
            .raw("bytes", "null");
    };
    auto tops = result.list("topCandidates");
    JsonArray content;
    std::size_t place = 0;
    for (auto& value : result.list("chosenCandidates")) {
        JsonArray others;
        if (place < tops.size())
            for (auto& other : JsonFields(tops[place]).list("candidates"))
                others.add(token(JsonFields(other)).str());
        ++place;
        content.add(token(JsonFields(value)).raw("top_logprobs", others.str()).str());
    }
    if (content.empty()) return "";
    return JsonObject().raw("content", content.str()).raw("refusal", "null").str();
}

// The prompt was refused: a choice that says so.
bool is_blocked(const JsonFields& root) {
    return !JsonFields(root.find("promptFeedback")).text("blockReason").empty();
}

}  // namespace

std::string_view finish_of_gemini_reason(std::string_view word) {
    if (word == "MAX_TOKENS") return "length";
    for (std::string_view filtered : {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII",
                                      "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "LANGUAGE"})
        if (word == filtered) return "content_filter";
    return "stop";  // STOP, MALFORMED_FUNCTION_CALL, OTHER
}

std::string gemini_usage(const JsonFields& metadata) {
    auto thoughts = metadata.count("thoughtsTokenCount");
    auto prompt = metadata.count("promptTokenCount") + metadata.count("toolUsePromptTokenCount");
    auto completion = metadata.count("candidatesTokenCount") + thoughts;
    auto total = metadata.count("totalTokenCount");
    return JsonObject()
        .number("prompt_tokens", prompt)
        .number("completion_tokens", completion)
        .number("total_tokens", total > 0 ? total : prompt + completion)
        .raw("prompt_tokens_details",
             JsonObject().number("cached_tokens", metadata.count("cachedContentTokenCount")).str())
        .raw("completion_tokens_details", JsonObject().number("reasoning_tokens", thoughts).str())
        .str();
}

Answer<std::string> gemini_to_completion(std::string_view body, const AnswerContext&) {
    auto value = parse_json(body);
    if (!value || !value->is(JsonKind::Object)) return std::string(body);  // refused as no completion
    JsonFields root(*value);
    if (root.find("error") || (!root.find("candidates") && !is_blocked(root))) return std::string(body);
    JsonArray choices;
    for (auto& one : root.list("candidates")) {
        JsonFields candidate(one);
        auto content = read_content(candidate, 0, false);
        auto finish = finish_of_gemini_reason(candidate.text("finishReason"));
        if (finish == "stop" && !content.calls.empty()) finish = "tool_calls";
        JsonObject message;
        message.raw("role", "\"assistant\"");
        message.raw("content", content.has_text || content.calls.empty() ? json_quote(content.text) : "null");
        write_content(content, message);
        message.raw_if("provider_specific_fields", grounding(candidate));
        choices.add(JsonObject()
                        .raw("index", index_of(candidate))
                        .text("finish_reason", finish)
                        .raw("message", message.str())
                        .raw_if("logprobs", logprobs(candidate))
                        .str());
    }
    if (choices.empty())
        choices.add(
            "{\"index\":0,\"finish_reason\":\"content_filter\",\"message\":{\"role\":\"assistant\","
            "\"content\":"
            "null}}");
    JsonObject out;
    out.text_if("id", root.text("responseId")).raw("object", "\"chat.completion\"");
    out.raw("choices", choices.str());
    if (auto usage = root.find("usageMetadata")) out.raw("usage", gemini_usage(JsonFields(*usage)));
    return out.str();
}

void GeminiDecoder::take(const std::string& data) {
    auto value = parse_json(data);
    if (!value || !value->is(JsonKind::Object))
        return fail(broken_stream(*context_.provider, "the upstream sent an event that is no JSON object"));
    JsonFields root(*value);
    if (root.find("error")) return push(data);  // the chat reads it
    JsonArray choices;
    for (auto& one : root.list("candidates")) {
        JsonFields candidate(one);
        auto index = index_of(candidate);
        bool first = calls_.count(index) == 0;
        auto& calls = calls_[index];
        auto content = read_content(candidate, calls, true);
        calls += static_cast<int>(json_elements(*parse_json(content.calls.str())).size());
        JsonObject delta;
        if (first) delta.raw("role", "\"assistant\"");
        if (content.has_text) delta.text("content", content.text);
        write_content(content, delta);
        delta.raw_if("provider_specific_fields", grounding(candidate));
        std::string finish = "null";
        if (auto word = candidate.text("finishReason"); !word.empty()) {
            auto mapped = finish_of_gemini_reason(word);
            finish = json_quote(mapped == "stop" && calls > 0 ? "tool_calls" : mapped);
        }
        choices.add(JsonObject()
                        .raw("index", index)
                        .raw("delta", delta.str())
                        .raw("finish_reason", finish)
                        .raw_if("logprobs", logprobs(candidate))
                        .str());
    }
    if (choices.empty() && is_blocked(root))
        choices.add("{\"index\":0,\"delta\":{\"role\":\"assistant\"},\"finish_reason\":\"content_filter\"}");
    JsonObject chunk;
    chunk.text_if("id", root.text("responseId"));
    chunk.raw("choices", choices.str());
    // In every event; the last one counts.
    if (auto usage = root.find("usageMetadata")) chunk.raw("usage", gemini_usage(JsonFields(*usage)));
    push(chunk.str());
}

}  // namespace seance::litellm
