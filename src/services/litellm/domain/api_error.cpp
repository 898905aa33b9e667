#include "services/litellm/domain/api_error.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "services/litellm/domain/json_text.hpp"

namespace seance::litellm {
namespace {

constexpr std::size_t kMostMessage = 4096, kMostReason = 300;

ErrorClass class_of(int status, std::string_view code, std::string_view message) {
    auto words = lower(message);
    auto says = [&](std::string_view part) { return words.find(part) != std::string::npos; };
    if (status == 400 || status == 413 || status == 422) {
        if (code == "context_length_exceeded" || says("prompt is too long") || says("maximum context length"))
            return ErrorClass::ContextWindow;
        if (code == "content_policy_violation" || code == "content_filter") return ErrorClass::ContentPolicy;
    }
    return class_of_status(status);
}

std::string mask(std::string text, const SecretText& key) {
    if (key.reveal().size() < 4) return text;
    for (auto at = text.find(key.reveal()); at != std::string::npos;
         at = text.find(key.reveal(), at + kHidden.size()))
        text.replace(at, key.reveal().size(), kHidden);
    return text;
}

std::string nullable(const std::optional<std::string>& text) {
    return text ? json_quote(*text) : "null";
}

// A code may be a number or a text.
std::string plain(const std::optional<JsonValue>& value) {
    if (!value || value->is(JsonKind::Null)) return "";
    return json_text(*value).value_or(std::string(value->text.substr(0, 100)));
}

std::string cut(std::string text, std::size_t most = kMostMessage) {
    if (text.size() <= most) return text;
    text.resize(most);
    while (!text.empty() && !is_utf8(text)) text.pop_back();
    return text + "…";
}

// Statuses by which an upstream speaks of itself or of the account. With others it may quote what it was
// sent.
bool speaks_of_itself(int status) {
    return status >= 500 || status == 401 || status == 402 || status == 404 || status == 408 || status == 429;
}

}  // namespace

ErrorClass ApiError::error_class() const {
    return kind.value_or(class_of_status(status));
}

std::string ApiError::json() const {
    auto out = fmt::format("{{\"error\":{{\"message\":{},\"type\":{},\"param\":{},\"code\":\"{}\"",
                           json_quote(message), nullable(type), nullable(param), status);
    if (!provider_code.empty())
        out += fmt::format(",\"provider_specific_fields\":{{\"code\":{}}}", json_quote(provider_code));
    return out + "}}";
}

std::string ApiError::reason() const {
    return cut(told.empty() ? message : told, kMostReason);
}

std::string ApiError::log_fields() const {
    auto fields = type ? fmt::format(",\"error_type\":{}", json_quote(*type)) : std::string();
    return fields + fmt::format(",\"reason\":{}", json_quote(reason()));
}

ApiError bad_request(std::string message, std::optional<std::string> param) {
    return {.status = 400,
            .message = std::move(message),
            .type = "invalid_request_error",
            .param = std::move(param)};
}

ApiError unknown_model(std::string_view name) {
    return bad_request(
        fmt::format(
            "Invalid model name passed in model={}. Call `/v1/models` to view available models for your key.",
            name),
        "model");
}

ApiError timed_out(Duration limit) {
    return {.status = 408,
            .message = fmt::format("litellm.Timeout: the model gave no complete answer within {:g} seconds",
                                   std::chrono::duration<double>(limit).count()),
            .type = "timeout_error",
            .kind = ErrorClass::Timeout,
            .retryable = true};
}

ApiError unreachable(const Provider& provider, std::string_view why) {
    return {.status = 500,
            .message = fmt::format("litellm.APIConnectionError: {}Exception - the connection failed: {}",
                                   provider.error_name, why),
            .type = "internal_server_error",
            .kind = ErrorClass::Connection,
            .retryable = true};
}

int status_in_error(std::string_view body) {
    auto value = parse_json(body);
    auto code = value ? plain(json_find(*value, {"error", "code"})) : "";
    auto number = parse_number(code);
    return number && *number >= 400 && *number < 600 ? static_cast<int>(*number) : 500;
}

ApiError upstream_error(const Provider& provider, int status, std::string_view body, const SecretText& key) {
    if (status < 400 || status > 599) status = 500;
    if (status == 529) status = 503;
    ApiError error{.status = status};
    std::string text;
    if (auto value = parse_json(body); value && value->is(JsonKind::Object)) {
        auto inner = json_find(*value, "error");
        auto& from = inner && inner->is(JsonKind::Object) ? *inner : *value;
        error.type = json_text(json_find(from, "type"));
        error.param = json_text(json_find(from, "param"));
        error.provider_code = plain(json_find(from, "code"));
        text = json_text(json_find(from, "message")).value_or("");
        if (text.empty() && inner) text = json_text(*inner).value_or("");
        if (text.empty()) text = json_text(json_find(*value, "detail")).value_or("");
    }
    bool worded = !text.empty();
    if (!worded)
        text = trim(body).empty() ? fmt::format("the upstream answered {} without a body", status)
                                  : std::string(trim(body));
    if (status == 429) error.type = "throttling_error";
    if (status == 408) error.type = "timeout_error";
    if (status >= 500 && !error.type) error.type = "internal_server_error";
    error.retryable = status == 408 || status == 409 || status == 429 || status >= 500;
    error.kind = class_of(status, error.provider_code, text);
    auto what = fmt::format("litellm.{}: {}Exception", class_name(*error.kind), provider.error_name);
    error.message = mask(fmt::format("{} - {}", what, cut(std::move(text))), key);
    if (!worded || !speaks_of_itself(status))
        error.told = mask(fmt::format("{} - the upstream answered {}{}{}", what, status,
                                      error.provider_code.empty() ? "" : ", code ", error.provider_code),
                          key);
    for (auto* field : {&error.type, &error.param})
        if (*field) **field = mask(std::move(**field), key);
    error.provider_code = mask(std::move(error.provider_code), key);
    return error;
}

void add_group(ApiError& error, std::string_view group, std::string_view fallbacks) {
    error.message +=
        fmt::format(". Received Model Group={}\nAvailable Model Group Fallbacks={}", group, fallbacks);
}

}  // namespace seance::litellm
