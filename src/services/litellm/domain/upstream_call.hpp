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
    SharedLink link;
};

// How an endpoint is connected to: as it says itself, or as the configuration does.
const SharedLink& link_of(const Endpoint& endpoint, const Config& config);

// The address of a route such as "/chat/completions" (reference, sections 4.3 and 4.6): appended to the base
// unless it is there already; a query in the base stays.
std::string upstream_url(const Endpoint& endpoint, const Deployment& deployment, std::string_view route,
                         const config::Sources& environment);

// `client`: the fields of the client's request, of which few are passed on.
Outcome<UpstreamCall> make_upstream_call(const Endpoint& endpoint, const Deployment& deployment,
                                         const Config& config, std::string_view route, std::string body,
                                         bool stream, const http::FieldViews* client);

// What every call shares, whatever its form: the address, JSON in, the client's fields that pass, and last
// the deployment's own. `own`: what the provider's form asks for (authorization, version). A key that no
// header can carry is a problem.
Outcome<UpstreamCall> make_http_call(const std::string& url, const Endpoint& endpoint,
                                     const Deployment& deployment, const Config& config, std::string body,
                                     std::string_view accept, const Headers& own,
                                     const http::FieldViews* client);

// A base with what a route appends to it; a query in the base stays last.
std::string append_path(std::string_view base, std::string_view path);

}  // namespace seance::litellm
