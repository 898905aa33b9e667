#pragma once
#include <optional>
#include <string>

#include "net/http/message.hpp"
#include "services/litellm/config/config.hpp"
#include "services/litellm/domain/api_error.hpp"

namespace seance::litellm {

// The key a client sent, from the first header that holds one (reference, section 7), without "Bearer ".
std::optional<std::string> find_key(const http::FieldViews& fields, std::string_view own_header);

// The same of a whole request: Gemini's clients send it as ?key=.
std::optional<std::string> find_key(const http::RequestHead& head, std::string_view own_header);

// Whether the request may go on. `loopback_only`: the gateway listens for this machine alone.
std::optional<ApiError> check_key(const Config& config, const std::optional<std::string>& key,
                                  bool loopback_only);

bool is_public_route(const Config& config, std::string_view path);

// Whether only admins may use it: general_settings.admin_only_routes.
bool is_admin_route(const Config& config, std::string_view path);

// Whether a client there may come to that path at all, whoever it is: allowed_ips and allowed_routes.
// Whoever watches over the process may always ask whether it is alive.
std::optional<ApiError> check_place(const Config& config, std::string_view client, std::string_view path);

// The client's address: of the connection, or with use_x_forwarded_for what a proxy in a private network
// says.
std::string client_address(const Config& config, std::string_view peer, const http::FieldViews& fields);

}  // namespace seance::litellm
