#pragma once
#include <memory>

#include "core/runtime/service.hpp"
#include "services/litellm/handlers/gateway.hpp"

namespace seance::litellm {

// What one loop of the gateway owns.
class App : public Unit {
  public:
    // `announce`: this loop reports what the configuration means, and serves the admin port.
    App(Loop& loop, const Settings& settings, std::shared_ptr<const ModelTable> models, bool announce);

    Awaitable<void> drain() override;
    void reload() override;  // reads config.yaml again; a file with a problem leaves everything as it was

    std::uint16_t port() const { return server_.port(); }

  private:
    Settings settings_;
    bool announce_;
    Gateway gateway_;
    http::Server server_;
    std::unique_ptr<http::Server> admin_;
};

// Reads the configuration and applies flags to it.
Outcome<std::shared_ptr<const ModelTable>> load_models(const Settings& settings);

// Tells the log what is wrong with the configuration and which models are disabled.
void announce(const Config& config, const Settings& settings);

// --health: asks the gateway that runs on this port, prints its answer. Gives the exit code.
int ask_health(const Settings& settings, const Config& config);

}  // namespace seance::litellm
