#include "services/litellm/domain/wires/anthropic_wire.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "services/litellm/domain/longest_answer.hpp"
#include "services/litellm/domain/upstream_body.hpp"
#include "services/litellm/domain/wires/anthropic_answer.hpp"
#include "services/litellm/domain/wires/anthropic_request.hpp"

namespace seance::litellm {
namespace {

constexpr std::string_view kVersion = "2023-06-01";

void add_betas(std::vector<std::string>& betas, std::string_view list) {
    for (auto part : split(list, ',')) {
        auto name = std::string(trim(part));
        if (!name.empty() && std::find(betas.begin(), betas.end(), name) == betas.end())
            betas.push_back(std::move(name));
    }
}

}  // namespace

Answer<UpstreamCall> anthropic_call(const Destination& to, std::string_view route, std::string body,
                                    bool stream, std::vector<std::string> betas) {
    auto base = std::string_view(to.endpoint.base);
    // Bases are written with and without the version, or with the whole route of a chat.
    auto path = base.substr(0, base.find('?'));
    while (path.ends_with('/')) path.remove_suffix(1);
    std::string address(base);
    if (path.ends_with("/v1/messages") && route != "/v1/messages")
        address = append_path(
            std::string(path.substr(0, path.size() - 12)) + std::string(base.substr(path.size())), route);
    else if (path.ends_with("/v1"))
        address = append_path(base, route.substr(3));
    else
        address = append_path(base, route);

    Headers own;
    auto& key = to.endpoint.key.reveal();
    // Tokens of a signed-in account are not API keys.
    if (key.starts_with("sk-ant-oat"))
        own.emplace_back("Authorization", "Bearer " + key);
    else if (!key.empty())
        own.emplace_back("x-api-key", key);
    auto version = to.client ? to.client->get("anthropic-version") : std::string_view{};
    own.emplace_back("anthropic-version", version.empty() ? kVersion : version);
    for (auto& [name, value] : to.deployment.headers)
        if (iequals(name, "anthropic-beta")) add_betas(betas, value);
    if (to.client) add_betas(betas, to.client->get("anthropic-beta"));
    std::string list;
    for (auto& beta : betas) list += (list.empty() ? "" : ",") + beta;
    if (!list.empty()) own.emplace_back("anthropic-beta", list);
    auto call = make_http_call(address, to.endpoint, to.deployment, to.config, std::move(body),
                               stream ? "text/event-stream" : "application/json", own, to.client);
    if (!call) return bad_request(call.error().what);
    if (!list.empty()) call->request.fields.set("anthropic-beta", list);
    return std::move(*call);
}

Answer<UpstreamCall> AnthropicWire::call(const ChatRequest& request) {
    auto text = prepared_request(request, to_.deployment);
    auto chat = read_openai_chat(*parse_json(text));
    if (!chat) return chat.error();
    if (auto refused = refuse_unsupported(unsupported_by_anthropic(*chat), request, to_.deployment,
                                          to_.endpoint, to_.config))
        return *refused;
    if (auto metadata = json_find(request.root, "metadata"); metadata && chat->user.empty())
        chat->user = JsonFields(*metadata).text("user_id");
    AnthropicOptions options{to_.endpoint.model, request.stream,
                             longest_answer(to_.deployment, to_.endpoint, to_.config),
                             to_.config.modify_params};
    auto made = make_anthropic_request(*chat, options);
    json_tool_ = made.json_tool;
    return anthropic_call(to_, "/v1/messages", finish_body(std::move(made.body), to_.deployment),
                          request.stream, std::move(made.betas));
}

Answer<std::string> AnthropicWire::completion(std::string_view body) {
    return anthropic_to_completion(body, json_tool_, context_);
}

std::unique_ptr<StreamDecoder> AnthropicWire::decoder() {
    return std::make_unique<AnthropicDecoder>(json_tool_, context_);
}

ApiError AnthropicWire::error(int status, std::string_view body) const {
    return upstream_error(*context_.provider, status, body, context_.key);
}

}  // namespace seance::litellm
