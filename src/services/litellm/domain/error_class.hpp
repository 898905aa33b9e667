#pragma once
#include <string_view>

namespace seance::litellm {

// What kind of failure it is, as LiteLLM tells them apart; policies for retries, cooldowns and fallbacks go
// by it.
enum class ErrorClass {
    BadRequest,
    UnsupportedParams,
    Unprocessable,
    ContextWindow,
    ContentPolicy,
    Authentication,
    PermissionDenied,
    NotFound,
    Timeout,
    RateLimit,
    InternalServer,
    BadGateway,
    ServiceUnavailable,
    Connection,  // no answer at all: DNS, TCP, TLS, or cut off
};
inline constexpr std::size_t kErrorClasses = 14;

std::string_view class_name(ErrorClass kind);  // "RateLimitError", as it stands in messages
ErrorClass class_of_status(int status);        // when nothing but the status is known

}  // namespace seance::litellm
