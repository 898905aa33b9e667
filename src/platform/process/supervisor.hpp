#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/awaitable.hpp"
#include "core/runtime/task_group.hpp"
#include "platform/process/changes.hpp"
#include "platform/process/child.hpp"
#include "platform/process/log_file.hpp"
#include "platform/process/restart_policy.hpp"
#include "platform/stack/stack.hpp"

namespace seance::process {

// A service as this machine runs it.
struct ServiceSpec {
    std::string name;
    Launch launch;
    std::string problem;  // why it cannot be started at all, "" if it can: it fails, the others run
    std::uint16_t port = 0;
    std::uint16_t admin_port = 0;
    bool prints_commit = false;  // its program with --version
    stack::HealthCheck health;
    std::vector<std::string> needs;
    stack::Restart restart = stack::Restart::Always;
    Duration start_timeout = std::chrono::seconds(30);
    Duration stop_timeout = std::chrono::seconds(10);
};

enum class State {
    Waiting,   // for a service that it needs
    Starting,  // runs, not yet healthy
    Healthy,
    Unhealthy,   // runs, but its health check fails
    Restarting,  // has ended and waits for its next start
    Stopping,
    Stopped,
    Failed,  // has ended for good
};
std::string_view name_of(State state);

struct ServiceStatus {
    std::string name;
    State state = State::Waiting;
    std::uint16_t port = 0, admin_port = 0;
    pid_t pid = 0;             // 0: does not run
    std::string commit;        // that the program which runs was built from; "" if it does not tell
    bool has_metrics = false;  // somebody has listened on its admin port since it was started
    std::uint64_t restarts = 0;
    std::chrono::system_clock::time_point since;  // in this state
    std::chrono::system_clock::time_point started;
    std::string detail;     // why it is not healthy
    std::string last_exit;  // how its last process ended; "" if none did
};

struct SupervisorOptions {
    std::string log_folder;  // <service>.log in it; "" keeps none
    std::function<void(std::string_view service, std::string_view line)> on_line;
    std::function<void(const ServiceStatus&)> on_change;
    Duration starting_probe_interval = std::chrono::milliseconds(50);
    Duration probe_interval = std::chrono::seconds(2);
    Duration probe_timeout = std::chrono::seconds(5);
    Duration version_timeout = std::chrono::seconds(2);  // for a program to print its commit
};

// Keeps services running on one loop: each starts when those it needs are healthy, is started again when it
// ends, and is stopped before those it needs. Destroy it only after stop().
class Supervisor {
  public:
    Supervisor(Executor executor, std::vector<ServiceSpec> services, SupervisorOptions options);
    ~Supervisor();

    void start();
    // Until every service has been healthy once (true), one has failed for good or stop() was called (false).
    Awaitable<bool> wait_ready();
    // SIGTERM to each service when all that need it have ended, SIGKILL after its stop timeout. Returns when
    // no process is left.
    Awaitable<void> stop();
    // Starts one service anew: SIGTERM, SIGKILL after its stop timeout, and its program again at once; one
    // that has ended or waits for its next start, at once. The others go on. False if there is no such
    // service.
    bool restart(std::string_view name);
    // A second impatience of the user: SIGKILL to all, now.
    void kill();

    std::vector<ServiceStatus> status() const;

  private:
    struct Service;
    Awaitable<void> run(Service& service);
    Awaitable<void> watch(Service& service, std::uint64_t run);
    Awaitable<void> stop(Service& service);
    Awaitable<void> stop_when_unneeded(Service& service);
    bool is_current(const Service& service, std::uint64_t run) const;
    void change(Service& service, State state, std::string detail = {});
    bool needs_are_healthy(const Service& service) const;

    Executor executor_;
    SupervisorOptions options_;
    std::vector<std::unique_ptr<Service>> services_;
    Changes changes_;
    TaskGroup tasks_;
    bool stopping_ = false;
};

}  // namespace seance::process
