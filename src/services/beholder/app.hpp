#pragma once
#include "core/runtime/service.hpp"
#include "services/beholder/routes.hpp"

namespace seance::beholder {

// What one loop of beholder owns.
class App final : public Unit {
  public:
    App(Loop& loop, unsigned index, const Settings& settings);

    Awaitable<void> drain() override;
    std::uint16_t port() const { return server_.port(); }

  private:
    http::Client client_;
    proxy::ReverseProxy proxy_;
    Routes routes_;
    http::Server server_, admin_;
};

}  // namespace seance::beholder
