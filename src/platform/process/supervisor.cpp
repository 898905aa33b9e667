#include "platform/process/supervisor.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "core/runtime/wait.hpp"
#include "platform/process/printed_commit.hpp"
#include "platform/process/probe.hpp"

namespace seance::process {

namespace {

// Three, not one: a probe may be lost to a busy machine.
constexpr int kFailuresToBeUnhealthy = 3;

bool is_over(State state) {
    return state == State::Stopped || state == State::Failed;
}

}  // namespace

std::string_view name_of(State state) {
    switch (state) {
        case State::Waiting:
            return "waiting";
        case State::Starting:
            return "starting";
        case State::Healthy:
            return "healthy";
        case State::Unhealthy:
            return "unhealthy";
        case State::Restarting:
            return "restarting";
        case State::Stopping:
            return "stopping";
        case State::Stopped:
            return "stopped";
        case State::Failed:
            return "failed";
    }
    return "unknown";
}

struct Supervisor::Service {
    Service(Executor executor, ServiceSpec s)
        : spec(std::move(s)), policy(spec.restart), backoff(executor), probe_pause(executor) {
        status.name = spec.name;
        status.port = spec.port;
        status.admin_port = spec.admin_port;
        status.since = std::chrono::system_clock::now();
    }

    ServiceSpec spec;
    ServiceStatus status;
    RestartPolicy policy;
    std::unique_ptr<Child> child;
    std::unique_ptr<LogFile> log;
    Timer backoff, probe_pause;
    std::uint64_t runs = 0;  // which process is the current one
    bool was_healthy = false;
    bool starts_anew = false;  // is told to end, to be started again
    Instant healthy_at{};      // of the current process; zero: never
};

Supervisor::Supervisor(Executor executor, std::vector<ServiceSpec> services, SupervisorOptions options)
    : executor_(executor), options_(std::move(options)), changes_(executor), tasks_(executor) {
    for (auto& spec : services) {
        auto service = std::make_unique<Service>(executor, std::move(spec));
        if (!options_.log_folder.empty())
            service->log = std::make_unique<LogFile>(options_.log_folder + "/" + service->spec.name + ".log");
        services_.push_back(std::move(service));
    }
}

Supervisor::~Supervisor() = default;

void Supervisor::start() {
    for (auto& service : services_) tasks_.spawn(run(*service));
}

Awaitable<bool> Supervisor::wait_ready() {
    for (;;) {
        if (stopping_) co_return false;
        bool all = true;
        for (const auto& service : services_) {
            if (service->status.state == State::Failed) co_return false;
            all = all && service->was_healthy;
        }
        if (all) co_return true;
        co_await changes_.wait();
    }
}

Awaitable<void> Supervisor::stop() {
    stopping_ = true;
    for (auto& service : services_) {
        service->backoff.cancel();
        service->probe_pause.cancel();
        tasks_.spawn(stop_when_unneeded(*service));
    }
    changes_.notify();
    co_await tasks_.wait();
}

bool Supervisor::restart(std::string_view name) {
    const auto found = std::find_if(services_.begin(), services_.end(),
                                    [&](const auto& service) { return service->spec.name == name; });
    if (found == services_.end()) return false;
    auto& service = **found;
    if (stopping_ || service.starts_anew) return true;  // it does so already, or never again
    if (is_over(service.status.state)) {
        service.policy = RestartPolicy(service.spec.restart);
        change(service, State::Waiting);
        tasks_.spawn(run(service));
    } else if (service.child) {
        service.starts_anew = true;
        service.probe_pause.cancel();
        tasks_.spawn(stop(service));
    } else {
        service.backoff.cancel();
    }
    return true;
}

bool Supervisor::is_current(const Service& service, std::uint64_t run) const {
    return service.runs == run && !stopping_ && !service.starts_anew;
}

void Supervisor::kill() {
    for (auto& service : services_)
        if (service->child) service->child->kill();
}

std::vector<ServiceStatus> Supervisor::status() const {
    std::vector<ServiceStatus> all;
    for (const auto& service : services_) all.push_back(service->status);
    return all;
}

void Supervisor::change(Service& service, State state, std::string detail) {
    auto& status = service.status;
    if (status.state == state && status.detail == detail) return;
    if (status.state != state) status.since = std::chrono::system_clock::now();
    status.state = state;
    status.detail = std::move(detail);
    changes_.notify();
    if (options_.on_change) options_.on_change(status);
}

bool Supervisor::needs_are_healthy(const Service& service) const {
    return std::all_of(service.spec.needs.begin(), service.spec.needs.end(), [&](const std::string& need) {
        return std::any_of(services_.begin(), services_.end(), [&](const auto& other) {
            return other->spec.name == need && other->status.state == State::Healthy;
        });
    });
}

Awaitable<void> Supervisor::run(Service& service) {
    auto& status = service.status;
    if (!service.spec.problem.empty()) {
        change(service, State::Failed, service.spec.problem);
        co_return;
    }
    // Only the first start waits: a service that is started again finds out by itself what it can reach.
    while (!stopping_ && !needs_are_healthy(service)) co_await changes_.wait();

    while (!stopping_) {
        auto started = Child::start(executor_, service.spec.launch);
        if (!started) {
            change(service, State::Failed, started.error().what);
            co_return;
        }
        service.child = std::move(*started);
        service.healthy_at = {};
        ++service.runs;
        status.pid = service.child->pid();
        status.started = std::chrono::system_clock::now();
        change(service, State::Starting);
        tasks_.spawn(watch(service, service.runs));

        TaskGroup reader{executor_};
        reader.spawn(service.child->read_lines([this, &service](std::string_view line) {
            if (service.log) service.log->append(line);
            if (options_.on_line) options_.on_line(service.spec.name, line);
        }));
        const auto exit = co_await service.child->wait();
        co_await reader.wait();

        ++service.runs;  // ends watch()
        service.probe_pause.cancel();
        service.child.reset();
        status.pid = 0;
        status.commit.clear();
        status.has_metrics = false;
        status.last_exit = exit.text();
        if (stopping_) break;
        if (std::exchange(service.starts_anew, false)) {
            service.policy = RestartPolicy(service.spec.restart);
            continue;
        }
        const auto healthy_for =
            service.healthy_at == Instant{} ? Duration{0} : Clock::now() - service.healthy_at;
        const auto wait = service.policy.after(exit, healthy_for);
        if (!wait) {
            change(service, exit.success() ? State::Stopped : State::Failed, exit.text());
            co_return;
        }
        ++status.restarts;
        change(service, State::Restarting,
               fmt::format("{}; starts again in {}", exit.text(), print_duration(*wait)));
        service.backoff.expires_after(*wait);
        co_await service.backoff.async_wait(kAwait);
    }
    change(service, State::Stopped);
}

// Probes one process for as long as it is the current one.
Awaitable<void> Supervisor::watch(Service& service, std::uint64_t run) {
    const auto begun = Clock::now();
    // Known before it is healthy, so that whoever waits for that sees all there is.
    if (service.spec.prints_commit) {
        auto commit = co_await ask_commit(service.spec.launch, options_.version_timeout);
        if (!is_current(service, run)) co_return;
        service.status.commit = std::move(commit);
    }
    int failures = 0;
    for (;;) {
        auto result = co_await probe(service.spec.health, service.spec.port, options_.probe_timeout);
        if (!is_current(service, run)) co_return;
        // After the probe, for a service that has just opened its ports; before its state is told.
        if (!service.status.has_metrics && service.spec.admin_port != 0) {
            const bool found = co_await listens(service.spec.admin_port, options_.probe_timeout);
            if (!is_current(service, run)) co_return;
            service.status.has_metrics = found;
        }
        const bool healthy_before = service.healthy_at != Instant{};
        if (result.healthy) {
            failures = 0;
            service.was_healthy = true;
            if (!healthy_before) service.healthy_at = Clock::now();
            change(service, State::Healthy);
        } else if (healthy_before ? ++failures >= kFailuresToBeUnhealthy
                                  : Clock::now() - begun > service.spec.start_timeout) {
            change(service, State::Unhealthy, result.reason);
        } else if (!healthy_before) {
            service.status.detail = result.reason;
        }
        service.probe_pause.expires_after(service.healthy_at == Instant{} ? options_.starting_probe_interval
                                                                          : options_.probe_interval);
        co_await service.probe_pause.async_wait(kAwait);
        if (!is_current(service, run)) co_return;
    }
}

Awaitable<void> Supervisor::stop_when_unneeded(Service& service) {
    const auto is_needed = [this, &service] {
        return std::any_of(services_.begin(), services_.end(), [&](const auto& other) {
            const auto& needs = other->spec.needs;
            return std::find(needs.begin(), needs.end(), service.spec.name) != needs.end() &&
                   !is_over(other->status.state);
        });
    };
    while (is_needed()) co_await changes_.wait();
    co_await stop(service);
}

Awaitable<void> Supervisor::stop(Service& service) {
    if (!service.child) co_return;  // run() sees that it is to stop
    change(service, State::Stopping);
    service.child->signal(SIGTERM);
    const auto until = Clock::now() + service.spec.stop_timeout;
    Timer limit{executor_};
    limit.expires_at(until);
    limit.async_wait([this](const error_code& error) {
        if (!error) changes_.notify();
    });
    const auto run = service.runs;
    while (service.runs == run && Clock::now() < until) co_await changes_.wait();
    if (service.child && service.runs == run) {
        change(service, State::Stopping,
               "did not stop in " + print_duration(service.spec.stop_timeout) + "; killed");
        service.child->kill();
    }
}

}  // namespace seance::process
