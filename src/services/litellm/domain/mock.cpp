#include "services/litellm/domain/mock.hpp"

#include <fmt/format.h>

namespace seance::litellm {
namespace {

std::optional<ApiError> error_for(std::string_view text) {
    auto error = [](int status, std::string_view kind, std::string type, bool retryable) {
        return ApiError{.status = status,
                        .message = fmt::format("litellm.{}: this is a mock error", kind),
                        .type = std::move(type),
                        .kind = kind == "ContextWindowExceededError"
                                    ? std::optional(ErrorClass::ContextWindow)
                                    : std::nullopt,
                        .retryable = retryable};
    };
    if (text == "litellm.RateLimitError") return error(429, "RateLimitError", "throttling_error", true);
    if (text == "litellm.ContextWindowExceededError")
        return error(400, "ContextWindowExceededError", "invalid_request_error", false);
    if (text == "litellm.InternalServerError")
        return error(500, "InternalServerError", "internal_server_error", true);
    return std::nullopt;
}

Usage usage_of(std::string_view text, unsigned choices, const AnswerContext& context) {
    return {context.prompt_estimate, estimate_tokens(text) * choices, std::nullopt};
}

std::string envelope(std::string_view object, std::string_view choices, std::string_view usage,
                     const AnswerContext& context) {
    return fmt::format(
        "{{\"id\":{},\"object\":\"{}\",\"created\":{},\"model\":{},\"system_fingerprint\":null,\"choices\":[{"
        "}]{}{}}}",
        json_quote(context.id), object, context.created, json_quote(context.model), choices,
        usage.empty() ? "" : ",\"usage\":", usage);
}

// Words with the space before them, so that joining the parts gives the text.
std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        auto end = text.find(' ', 1);
        parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(text.size(), end));
    }
    return parts;
}

}  // namespace

Answer<std::string> mock_completion(std::string_view text, unsigned choices, const AnswerContext& context) {
    if (auto error = error_for(text)) return *error;
    std::string list;
    for (unsigned i = 0; i < choices; ++i)
        list += fmt::format(
            "{}{{\"index\":{},\"finish_reason\":\"stop\",\"message\":{{\"role\":\"assistant\",\"content\":{},"
            "\"tool_calls\":null,\"function_call\":null}}}}",
            i > 0 ? "," : "", i, json_quote(text));
    return envelope("chat.completion", list, usage_json(usage_of(text, choices, context)), context);
}

Answer<std::vector<std::string>> mock_chunks(std::string_view text, unsigned choices,
                                             const AnswerContext& context) {
    if (auto error = error_for(text)) return *error;
    std::vector<std::string> chunks;
    auto add = [&](std::string_view list) {
        chunks.push_back(envelope("chat.completion.chunk", list, "", context));
    };
    for (unsigned i = 0; i < choices; ++i) {
        bool first = true;
        for (auto word : words(text)) {
            add(fmt::format("{{\"index\":{},\"delta\":{{{}\"content\":{}}},\"finish_reason\":null}}", i,
                            first ? "\"role\":\"assistant\"," : "", json_quote(word)));
            first = false;
        }
        add(fmt::format("{{\"index\":{},\"delta\":{{}},\"finish_reason\":\"stop\"}}", i));
    }
    chunks.push_back(
        envelope("chat.completion.chunk", "", usage_json(usage_of(text, choices, context)), context));
    return chunks;
}

}  // namespace seance::litellm
