#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/process/supervisor.hpp"
#include "platform/targets/local/layout.hpp"

namespace seance::local {

// A service as `seance status` tells it: what the running stack knows, as JSON on its way and back.
struct ServiceView {
    std::string name, state, detail, last_exit, url, direct_url;
    std::string commit;  // that it says it was built from; "" if it cannot say
    std::uint16_t port = 0;
    std::uint16_t admin_port = 0;  // where it serves metrics; 0 if nobody listens there
    std::int64_t pid = 0;
    std::uint64_t restarts = 0;
    double uptime_seconds = 0;  // of the process that runs; 0 if none does
};

struct StackView {
    std::string project, environment, edge_url, dashboard_url;
    std::string commit;  // that all of its services that name one were built from; "" if they differ
    std::uint16_t edge_port = 0;
    std::int64_t pid = 0;
    bool ready = false;       // every service is healthy
    std::string fingerprint;  // of the stack.yaml that it was started with; "": it does not tell
    std::optional<bool> stack_changed = {};  // stack.yaml is another by now; whoever looks has to compare
    std::vector<ServiceView> services;
};

// What to do about a changed stack.yaml, as a sentence; "" if it has not.
std::string advice_on_change(const StackView& view);

StackView view(const Layout& layout, const std::vector<process::ServiceStatus>& services,
               std::chrono::system_clock::time_point now);
std::string to_json(const StackView& view);  // schema "seance.status/1", one line
std::optional<StackView> from_json(std::string_view json);

// "12s", "3m 20s", "2h 05m", "3d 4h"
std::string print_uptime(double seconds);

}  // namespace seance::local
