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
    std::uint16_t port = 0, admin_port = 0;
    std::int64_t pid = 0;
    std::uint64_t restarts = 0;
    double uptime_seconds = 0;  // of the process that runs; 0 if none does
};

struct StackView {
    std::string project, environment, commit, edge_url, dashboard_url;
    std::uint16_t edge_port = 0;
    std::int64_t pid = 0;
    bool ready = false;  // every service is healthy
    std::vector<ServiceView> services;
};

StackView view(const Layout& layout, const std::vector<process::ServiceStatus>& services,
               std::chrono::system_clock::time_point now);
std::string to_json(const StackView& view);  // schema "seance.status/1", one line
std::optional<StackView> from_json(std::string_view json);

// "12s", "3m 20s", "2h 05m", "3d 4h"
std::string print_uptime(double seconds);

}  // namespace seance::local
