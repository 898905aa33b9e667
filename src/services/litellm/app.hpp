#pragma once
#include <memory>

#include "core/runtime/service.hpp"
#include "core/runtime/task_group.hpp"
#include "services/litellm/config_source.hpp"
#include "services/litellm/config_watch.hpp"
#include "services/litellm/handlers/gateway.hpp"

namespace seance::litellm {

// What one loop of the gateway owns.
class App : public Unit {
  public:
    // The first loop also watches the configuration's files, and serves the admin port.
    App(Loop& loop, const Settings& settings, ConfigSource& source, bool first);

    Awaitable<void> drain() override;
    void reload() override;  // reads config.yaml again; a file with a problem leaves everything as it was

    std::uint16_t port() const { return server_.port(); }

  private:
    void watch_files();

    ConfigSource& source_;
    bool first_;
    Gateway gateway_;
    std::unique_ptr<ConfigSource::Subscription> subscription_;
    std::unique_ptr<ConfigWatch> watch_;
    http::Server server_;
    std::unique_ptr<http::Server> admin_;
    std::unique_ptr<TaskGroup> tasks_;  // of the first loop
    bool stopping_ = false;
};

// --health: asks the gateway that runs on this port, prints its answer. Gives the exit code.
int ask_health(const Settings& settings, const Config& config);

}  // namespace seance::litellm
