#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "cli/commands/checks.hpp"
#include "cli/commands/commands.hpp"
#include "cli/running.hpp"
#include "core/runtime/task_group.hpp"
#include "platform/process/probe.hpp"
#include "platform/targets/local/layout.hpp"

namespace seance::cli {

namespace {

// All run at once, so this bounds the whole.
constexpr Duration kLimit = std::chrono::milliseconds(1800);

Awaitable<void> check_into(const Outside& outside, const stack::Service& service, const stack::Check* check,
                           CheckResult& result) {
    result = co_await run_check(outside, service, check);
}

// A service that is not public is asked where it listens.
Awaitable<void> probe_into(const stack::Service& service, std::uint16_t port, CheckResult& result) {
    const auto begun = Clock::now();
    auto probed = co_await process::probe(service.health, port, kLimit);
    result = {service.name, "health (direct)", probed.healthy, probed.reason,
              std::chrono::duration<double, std::milli>(Clock::now() - begun).count()};
}

Awaitable<void> check_all(const Manifest& manifest, const local::StackView& view, const Outside& outside,
                          std::vector<CheckResult>& results) {
    std::size_t most = 0;
    for (const auto& service : manifest.stack.services) most += 1 + service.verify.size();
    results.resize(most);  // tasks write into it: it must not move
    TaskGroup tasks{outside.loop.executor()};
    std::size_t next = 0;
    for (const auto& service : manifest.stack.services) {
        std::uint16_t port = 0;
        for (const auto& s : view.services)
            if (s.name == service.name) port = s.port;
        if (service.subdomain.empty() || service.health.kind != stack::HealthCheck::Http)
            tasks.spawn(probe_into(service, port, results[next++]));
        else
            tasks.spawn(check_into(outside, service, nullptr, results[next++]));
        for (const auto& check : service.verify)
            tasks.spawn(check_into(outside, service, &check, results[next++]));
    }
    co_await tasks.wait();
    outside.loop.stop();
}

int verify(Context& context) {
    auto manifest = context.manifest();
    if (!manifest) return context.exit_code;
    if (manifest->environment.target != stack::TargetKind::Local)
        return context.fail(kUsage, "NOT_LOCAL", "verify knows environments of target local only");
    const local::StateFolder state{manifest->root};
    const auto view = running_stack(context, state);
    if (!view) return context.exit_code;

    local::LayoutOptions where;
    where.root = manifest->root;
    where.edge_port = view->edge_port;
    where.secrets = state.read_secrets(manifest->environment.generate);

    std::vector<CheckResult> results;
    const auto begun = Clock::now();
    {
        Loop loop;
        http::Client client{loop};
        const Outside outside{loop,
                              client,
                              "127.0.0.1",
                              view->edge_port,
                              local::outside_values(manifest->stack, manifest->environment, where),
                              kLimit,
                              {}};
        asio::co_spawn(loop.executor(), check_all(*manifest, *view, outside, results), asio::detached);
        loop.run();
    }
    return tell_checks(context, results,
                       std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
}

}  // namespace

void add_verify(CLI::App& app, Context& context) {
    app.add_subcommand("verify", "Check the running stack from outside, through the edge")
        ->callback([&context] { context.exit_code = verify(context); });
}

}  // namespace seance::cli
