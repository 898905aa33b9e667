#pragma once
#include <memory>

#include "net/http/connection_pool.hpp"
#include "net/http/server.hpp"
#include "net/proxy/header_rules.hpp"

namespace seance::proxy {

struct Upstream {
    http::Origin origin;
};

struct ForwardRules {
    HeaderRules headers;
    // POSTs whose body is in memory may be repeated like a GET: their receiver drops duplicates.
    bool repeat_posts = false;
    // A request whose body is complete goes on when its client goes away.
    bool finish_without_client = false;
    // While a service starts: GET and HEAD that are refused try again this long, other methods get 503 at
    // once.
    Duration wait_for_start{0};
    Duration tunnel_idle = std::chrono::minutes(5);
    bool mask_log = false;  // of the client's address
    // What a client sees of a fault; none: http::error_page.
    http::Response (*error_page)(http::Exchange& exchange, int status) = nullptr;
};

// Passes requests on to upstreams and their answers back (reference/edge.md 1.5 to 1.8): streaming both ways
// with back-pressure, framed anew, a small answer in one write. A fault before the answer has begun is 502,
// 503 or 504; after that the client's connection is cut, so that nothing incomplete looks whole.
class ReverseProxy {
  public:
    ReverseProxy(std::shared_ptr<http::ConnectionPool> pool, Networks trusted)
        : pool_(std::move(pool)), trusted_(std::move(trusted)) {}

    // Answers the exchange; `upstream` and `rules` outlive the call.
    Awaitable<void> forward(http::Exchange& exchange, const Upstream& upstream, const ForwardRules& rules);

  private:
    class Forwarding;
    std::shared_ptr<http::ConnectionPool> pool_;
    Networks trusted_;
};

}  // namespace seance::proxy
