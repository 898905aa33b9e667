#pragma once
#include <string>
#include <string_view>

#include "net/http/client.hpp"
#include "services/litellm/domain/chat_request.hpp"

namespace seance::litellm {

// One HTTP request to an upstream, ready to be sent.
struct UpstreamCall {
    http::Url url;
    http::Request request;
};

// The address of a route such as "/chat/completions" (reference, sections 4.3 and 4.6): appended to the base
// unless it is there already; a query in the base stays.
std::string upstream_url(const Endpoint& endpoint, const Deployment& deployment, std::string_view route,
                         const config::Sources& environment);

// `client`: the fields of the client's request, of which few are passed on.
Outcome<UpstreamCall> make_upstream_call(const Endpoint& endpoint, const Deployment& deployment,
                                         const Config& config, std::string_view route, std::string body,
                                         bool stream, const http::FieldViews* client);

}  // namespace seance::litellm
