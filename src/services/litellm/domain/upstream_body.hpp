#pragma once
#include <string>
#include <string_view>

#include "services/litellm/domain/chat_request.hpp"
#include "services/litellm/domain/deployment.hpp"

// What of a client's request goes on to an upstream.
namespace seance::litellm {

// Members of a body that are for this gateway, and go no further.
bool is_gateway_owned(std::string_view member);

// The body for one upstream: model replaced, gateway-owned keys removed, defaults filled in; all else keeps
// its bytes.
std::string upstream_body(const ChatRequest& request, const Deployment& deployment, const Endpoint& endpoint);

// The same without what only upstreams of OpenAI's form want (model, stream_options) and without extra_body,
// which belongs to the upstream's own form: what is left to translate.
std::string prepared_request(const ChatRequest& request, const Deployment& deployment);

// A body in the upstream's own form as the client sent it: model replaced, gateway-owned keys removed but for
// `metadata`, defaults and extra_body filled in.
std::string native_body(const JsonValue& root, const Deployment& deployment, const Endpoint& endpoint);

// extra_body applied to a body in the upstream's own form.
std::string finish_body(std::string body, const Deployment& deployment);

}  // namespace seance::litellm
