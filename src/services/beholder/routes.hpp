#pragma once
#include <array>
#include <string_view>

#include "core/observe/metrics.hpp"
#include "net/http/router.hpp"
#include "net/proxy/reverse_proxy.hpp"
#include "services/beholder/settings.hpp"

namespace seance::beholder {

// What the path alone decides (reference/edge.md 2.1, 2.3, 1.7).
struct Destination {
    bool assets = false;                // scripts and remote configuration: the assets host
    bool passes_authorization = false;  // /i/v1/*: server SDKs put the project token there
    bool capture = false;               // worth finishing when the client has left
    bool repeatable = false;            // its events carry a UUID on which PostHog drops duplicates
};
Destination destination_of(std::string_view path);

// Every path but /health, to one of two hosts, byte for byte.
class Routes {
  public:
    Routes(const Settings& settings, proxy::ReverseProxy& proxy);
    Awaitable<void> forward(http::Exchange& exchange);

  private:
    const proxy::ForwardRules& rules_for(const Destination& to) const;

    proxy::ReverseProxy& proxy_;
    proxy::Upstream events_, assets_;
    std::array<proxy::ForwardRules, 8> rules_;  // by authorization, capture and repeatable
    observe::Counter &to_events_, &to_assets_;
};

http::Router make_router(Routes& routes);

}  // namespace seance::beholder
