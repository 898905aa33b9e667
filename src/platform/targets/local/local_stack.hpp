#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "core/runtime/loop.hpp"
#include "platform/process/supervisor.hpp"
#include "platform/targets/local/layout.hpp"
#include "platform/targets/local/status.hpp"

namespace seance::local {

struct LocalStackEvents {
    std::function<void(std::string_view service, std::string_view line)> on_line;
    std::function<void(const process::ServiceStatus&)> on_change;
    std::function<void()> on_stop_request;  // `seance down` from another shell
};

// A laid out stack at work: its services under supervision, the edge in front of them, sinks, and the control
// socket that `status` and `down` talk to. Lives on one loop.
class LocalStack {
  public:
    LocalStack(Loop& loop, Layout layout, const StateFolder& state, LocalStackEvents events);
    ~LocalStack();

    // Starts all of it; a Problem (the edge's port is taken) if it cannot, with nothing left running.
    std::optional<Problem> start();
    Awaitable<bool> wait_ready();
    // The services in reverse order of their needs, then the edge.
    Awaitable<void> stop();
    void kill();
    StackView status() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace seance::local
