#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/duration.hpp"
#include "core/base/secret.hpp"
#include "net/http/message.hpp"
#include "services/litellm/domain/money.hpp"

namespace seance::litellm {

// One of general_settings.pass_through_endpoints: a path of this gateway behind which another server answers.
struct PassThroughEndpoint {
    std::string path;                                         // "/bria"
    std::string target;                                       // its address
    std::vector<std::pair<std::string, SecretText>> headers;  // added to each request
    std::vector<std::string> methods;                         // none: all
    bool forward_headers = false;                             // the client's too
    bool include_subpath = false;                             // what is below the path as well
    bool needs_key = true;
    std::optional<NanoUsd> price;  // cost_per_request
    std::optional<Duration> timeout;
};

// What a target says that a request has cost and used in all, in its x-litellm-response-cost (USD) and
// x-litellm-total-tokens.
struct ReportedUse {
    std::optional<NanoUsd> cost;
    std::uint64_t tokens = 0;
};
ReportedUse reported_use(const http::FieldViews& answer);

// The one for that request: the longest path of those that fit.
const PassThroughEndpoint* find_pass_through(const std::vector<PassThroughEndpoint>& endpoints,
                                             std::string_view method, std::string_view path);

// Where such a request goes. The gateway's own key in the query is no part of it.
std::string pass_through_address(const PassThroughEndpoint& endpoint, std::string_view path,
                                 std::string_view query);

// What goes on of a client's fields: those that say what the body is, or all with forward_headers, but for
// those of the connection and whatever holds the key of this gateway.
void forward_fields(const PassThroughEndpoint& endpoint, const http::FieldViews& client, std::string_view key,
                    http::Fields& into);

// What goes back of the answer's fields: all but those of the connection and those that are the gateway's
// own.
void repeat_fields(const http::FieldViews& upstream, http::Fields& into);

}  // namespace seance::litellm
