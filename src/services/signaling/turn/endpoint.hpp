#pragma once
#include "net/http/server.hpp"
#include "services/signaling/settings.hpp"
#include "services/signaling/turn/limiter.hpp"

namespace seance::signaling::turn {

inline constexpr std::string_view kPath = "/turn";

// Credentials for a TURN server, to pages that may connect to signaling and, where rooms need tokens, to who
// has one. One per loop.
class Endpoint {
  public:
    explicit Endpoint(const signaling::Settings& settings)
        : settings_(settings), limiter_(settings.turn.max_per_minute) {}
    http::Response answer(const http::RequestHead& head, std::string_view peer_address);

  private:
    http::Response decide(const http::RequestHead& head, std::string_view peer_address);

    const signaling::Settings& settings_;
    Limiter limiter_;
};

}  // namespace seance::signaling::turn
