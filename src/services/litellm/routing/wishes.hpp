#pragma once
#include <optional>
#include <string>
#include <vector>

#include "net/http/message.hpp"
#include "services/litellm/domain/json_text.hpp"
#include "services/litellm/routing/fallback.hpp"

namespace seance::litellm {

// What a request itself says of its routing: gateway-owned members of the body and x-litellm-* headers.
struct RoutingWishes {
    ClientFallbacks fallbacks;
    std::vector<std::string> tags;
    ClassNumbers retry_policy;  // after num_retries of the request, before the configuration's policies

    // The first attempt fails like that, for tests of a configuration; only where the configuration allows
    // it.
    std::optional<ErrorClass> mock_failure;
    bool mock_rate_limit_once = false;  // 429, then a retry that goes through
    bool mock_timeout = false;
    std::optional<Duration> mock_delay;
};

RoutingWishes read_wishes(const JsonValue& body, const http::FieldViews& fields, bool allow_mock_testing);

// Every model that the fallbacks of a body may lead to: whoever sends it must have access to each.
std::vector<std::string> named_fallbacks(const JsonValue& body);

// The body of a fallback that brings members of its own: they replace those of `body`.
std::string override_members(const JsonValue& body, std::string_view overrides);

}  // namespace seance::litellm
