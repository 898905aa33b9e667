#pragma once
#include "core/runtime/service.hpp"
#include "net/http/server.hpp"
#include "services/signaling/lobby.hpp"
#include "services/signaling/settings.hpp"
#include "services/signaling/shared.hpp"
#include "services/signaling/sync/hall.hpp"

namespace seance::signaling {

// All of the service on one loop.
class App final : public Unit {
  public:
    App(Loop& loop, unsigned index, const Settings& settings, Shared& shared);

    Awaitable<void> drain() override;
    std::uint16_t port() const { return server_.port(); }

  private:
    Lobby lobby_;
    std::unique_ptr<sync::Hall> hall_;  // with SYNC
    http::Server server_, admin_;
};

// routes.cpp: what each request gets.
http::Handler make_handler(Lobby& lobby);

}  // namespace seance::signaling
