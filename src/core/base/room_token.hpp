#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace seance {

// Leave to use rooms of the signaling service: a JSON Web Token (RFC 7519) signed with HMAC-SHA-256, so that
// any JWT library can issue one. Claims: aud "seance-signaling", exp, optionally nbf; topics and
// topic_prefixes (arrays of strings); access "read" or "write". The backend issues them, signaling checks
// them.
struct RoomToken {
    std::vector<std::string> topics;
    std::vector<std::string> topic_prefixes;
    bool write = false;        // may publish; else it may only subscribe
    std::int64_t expires = 0;  // seconds since 1970

    bool names(std::string_view topic) const;
};

inline constexpr std::size_t kMostRoomToken = 4096;  // it travels in a URL

std::string sign_room_token(const RoomToken& token, const SecretText& key);

// What is wrong is a sentence that holds nothing of the token.
Outcome<RoomToken> verify_room_token(std::string_view text, const SecretText& key, std::int64_t now);

}  // namespace seance
