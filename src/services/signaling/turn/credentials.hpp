#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/secret.hpp"
#include "services/signaling/turn/settings.hpp"

namespace seance::signaling::turn {

// Leave to use a TURN server until a time, which the server checks by itself (draft-uberti-behave-turn-rest,
// coturn's use-auth-secret).
struct Credentials {
    std::string username;   // "<seconds since 1970 when it ends>" or "<seconds>:<user>"
    SecretText credential;  // base64 of HMAC-SHA-1 of it
};
Credentials make_credentials(const SecretText& secret, std::int64_t expires, std::string_view user);

// Up to 64 letters, digits and ._-@
bool is_user(std::string_view user);

// As an RTCIceServer with `ttl` in seconds.
std::string print_credentials(const Credentials& credentials, const Settings& settings);

}  // namespace seance::signaling::turn
