#include "services/litellm/domain/chat_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/base/text.hpp"
#include "services/litellm/domain/json_edit.hpp"
#include "services/litellm/domain/request_rules.hpp"

namespace seance::litellm {
namespace {

std::optional<double> number_of(std::string_view text) {
    double value = 0;
    text = trim(text);
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// Seconds from a header, else from the body; what is not a positive number is refused.
Answer<std::optional<Duration>> read_seconds(const http::FieldViews& fields, std::string_view header,
                                             const JsonEdit& body,
                                             std::initializer_list<std::string_view> keys) {
    if (auto text = fields.find(header)) {
        auto seconds = number_of(*text);
        auto limit = seconds ? seconds_to_duration(*seconds) : std::nullopt;
        if (!limit)
            return bad_request(fmt::format("the header {} must be a positive number of seconds", header),
                               std::string(header));
        return limit;
    }
    for (auto key : keys) {
        auto value = body.find(key);
        if (!value || value->is(JsonKind::Null)) continue;
        auto seconds = json_number(value);
        auto limit = seconds ? seconds_to_duration(*seconds) : std::nullopt;
        if (!limit)
            return bad_request(fmt::format("{} must be a positive number of seconds", key), std::string(key));
        return limit;
    }
    return std::optional<Duration>{};
}

}  // namespace

Answer<ChatRequest> parse_chat_request(std::string body, const http::FieldViews& fields,
                                       std::string_view path_model, const Config& config) {
    auto request = parse_call_request(std::move(body), fields, path_model, config.completion_model, config);
    if (!request) return request;
    auto messages = json_find(request->root, "messages");
    if (!messages || messages->is(JsonKind::Null))
        return bad_request("Missing required parameter: 'messages'.", "messages");
    if (!messages->is(JsonKind::Array)) return bad_request("messages must be a list", "messages");
    if (json_elements(*messages).empty())
        return bad_request("messages must hold at least one message", "messages");
    request->prompt_estimate = estimate_tokens(messages->text);
    return request;
}

Answer<ChatRequest> parse_call_request(std::string body, const http::FieldViews& fields,
                                       std::string_view path_model, std::string_view forced_model,
                                       const Config& config) {
    ChatRequest request;
    request.body = std::make_unique<const std::string>(std::move(body));
    auto root = parse_json(*request.body);
    if (!root) return bad_request("the request body is not valid JSON (UTF-8, at most 2000 levels deep)");
    if (!root->is(JsonKind::Object)) return bad_request("the request body must be a JSON object");
    request.root = *root;
    JsonEdit edit(request.root);
    if (auto refused = refuse_members(edit.members(), config.refuse_client_tags)) return std::move(*refused);

    auto model = edit.find("model");
    if (!forced_model.empty())
        request.model = forced_model;
    else if (!path_model.empty())
        request.model = path_model;
    else if (auto name = json_text(model))
        request.model = *name;
    else if (model && !model->is(JsonKind::Null))
        return bad_request("model must be a string", "model");
    if (request.model.empty())
        return bad_request(
            "Missing required parameter: 'model'. Name one of the models that `/v1/models` lists.", "model");

    auto stream = edit.find("stream");
    if (stream && !stream->is(JsonKind::True) && !stream->is(JsonKind::False) && !stream->is(JsonKind::Null))
        return bad_request("stream must be true or false", "stream");
    request.stream = json_is_true(stream);
    if (auto options = edit.find("stream_options"))
        request.include_usage = json_is_true(json_find(*options, "include_usage"));
    request.include_usage = request.include_usage || config.always_include_usage;
    if (auto n = edit.find("n"); n && !n->is(JsonKind::Null)) {
        auto number = n->is(JsonKind::Number) ? parse_number(n->text) : std::nullopt;
        if (!number || *number < 1 || *number > 128)
            return bad_request("n must be a whole number from 1 to 128", "n");
        request.choices = static_cast<unsigned>(*number);
    }

    auto timeout = read_seconds(fields, "x-litellm-timeout", edit, {"timeout", "request_timeout"});
    if (!timeout) return timeout.error();
    request.timeout = *timeout;
    auto stream_timeout = read_seconds(fields, "x-litellm-stream-timeout", edit, {"stream_timeout"});
    if (!stream_timeout) return stream_timeout.error();
    request.stream_timeout = *stream_timeout;

    std::optional<double> retries = json_number(edit.find("num_retries"));
    if (auto text = fields.find("x-litellm-num-retries"); text && !retries) {
        retries = number_of(*text);
        if (!retries)
            return bad_request("the header x-litellm-num-retries must be a whole number",
                               "x-litellm-num-retries");
    }
    if (retries) request.num_retries = static_cast<int>(std::clamp(*retries, 0.0, 100.0));
    if (auto mock = edit.find("mock_response"); mock && !mock->is(JsonKind::Null))
        request.mock_response = json_text(*mock).value_or(std::string(mock->text));
    if (auto drop = edit.find("drop_params"); drop && (drop->is(JsonKind::True) || drop->is(JsonKind::False)))
        request.drop_params = drop->is(JsonKind::True);
    request.own_key = json_text(edit.find("api_key")).value_or("");
    request.own_base =
        json_text(edit.find("api_base")).value_or(json_text(edit.find("base_url")).value_or(""));
    return request;
}

std::uint64_t estimate_tokens(std::string_view text) {
    return (text.size() + 3) / 4;
}

}  // namespace seance::litellm
