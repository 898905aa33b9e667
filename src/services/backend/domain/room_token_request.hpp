#pragma once
#include <cstdint>
#include <string_view>

#include "core/base/duration.hpp"
#include "core/base/result.hpp"
#include "core/base/room_token.hpp"

namespace seance::backend {

// The body of POST /rooms/token:
//   {"topics":["kitchen"],"topicPrefixes":["team-7/"],"access":"read"|"write","lifetimeSeconds":3600}
// as the token that it asks for. One of the lists is needed; access is "write" and the lifetime an hour
// unless said otherwise. `now` in seconds since 1970.
Outcome<RoomToken> parse_room_token_request(std::string_view body, Duration longest, std::int64_t now);

}  // namespace seance::backend
