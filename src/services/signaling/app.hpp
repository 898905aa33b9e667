#pragma once
#include "core/runtime/service.hpp"
#include "net/http/server.hpp"
#include "services/signaling/lobby.hpp"
#include "services/signaling/settings.hpp"
#include "services/signaling/sync/hall.hpp"

namespace seance::signaling {

// All of the service on one loop.
class App final : public Unit {
  public:
    App(Loop& loop, const Settings& settings);

    Awaitable<void> drain() override;
    std::uint16_t port() const { return server_.port(); }

  private:
    Lobby lobby_;
    std::unique_ptr<sync::Hall> sync_;  // empty: SYNC is off
    http::Server server_, admin_;
};

// routes.cpp: what each request gets.
http::Handler make_handler(Lobby& lobby, sync::Hall* sync);

}  // namespace seance::signaling
