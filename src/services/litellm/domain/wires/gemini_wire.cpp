#include "services/litellm/domain/wires/gemini_wire.hpp"

#include <fmt/format.h>

#include "services/litellm/domain/upstream_body.hpp"
#include "services/litellm/domain/wires/gemini_answer.hpp"
#include "services/litellm/domain/wires/gemini_request.hpp"

namespace seance::litellm {

Answer<UpstreamCall> gemini_call(const Destination& to, std::string_view method, std::string body,
                                 bool stream) {
    auto& model = to.endpoint.model;
    // "models/x" and "tunedModels/x" are whole names.
    auto name = model.find('/') == std::string::npos ? "models/" + http::percent_encode(model) : model;
    auto path = to.endpoint.base.substr(0, to.endpoint.base.find('?'));
    while (path.ends_with('/')) path.pop_back();
    bool versioned = path.ends_with("/v1beta") || path.ends_with("/v1") || path.ends_with("/v1alpha");
    auto url =
        append_path(to.endpoint.base, fmt::format("{}/{}:{}", versioned ? "" : "/v1beta", name, method));
    if (stream) url += url.find('?') == std::string::npos ? "?alt=sse" : "&alt=sse";
    Headers own;
    if (auto& key = to.endpoint.key.reveal(); !key.empty()) own.emplace_back("x-goog-api-key", key);
    auto call = make_http_call(url, to.endpoint, to.deployment, to.config, std::move(body),
                               stream ? "text/event-stream" : "application/json", own, to.client);
    if (!call) return bad_request(call.error().what);
    return std::move(*call);
}

// Of a stream the error stands in a list.
ApiError gemini_error(const AnswerContext& context, int status, std::string_view body) {
    auto value = parse_json(body);
    if (value && value->is(JsonKind::Array))
        if (auto list = json_elements(*value); !list.empty()) body = list.front().text;
    return upstream_error(*context.provider, status, body, context.key);
}

Answer<UpstreamCall> GeminiWire::call(const ChatRequest& request) {
    auto text = prepared_request(request, to_.deployment);
    auto chat = read_openai_chat(*parse_json(text));
    if (!chat) return chat.error();
    if (auto refused = refuse_unsupported(unsupported_by_gemini(*chat), request, to_.deployment, to_.endpoint,
                                          to_.config))
        return *refused;
    auto body = finish_body(make_gemini_request(*chat, to_.endpoint.model), to_.deployment);
    return gemini_call(to_, request.stream ? "streamGenerateContent" : "generateContent", std::move(body),
                       request.stream);
}

Answer<std::string> GeminiWire::completion(std::string_view body) {
    return gemini_to_completion(body, context_);
}

std::unique_ptr<StreamDecoder> GeminiWire::decoder() {
    return std::make_unique<GeminiDecoder>(context_);
}

ApiError GeminiWire::error(int status, std::string_view body) const {
    return gemini_error(context_, status, body);
}

}  // namespace seance::litellm
