#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "cli/commands/checks.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/verify_watch.hpp"
#include "cli/remote/verify.hpp"
#include "cli/running.hpp"
#include "core/base/elapsed.hpp"
#include "core/runtime/task_group.hpp"
#include "platform/process/probe.hpp"
#include "platform/targets/local/layout.hpp"

namespace seance::cli {

namespace {

// All run at once, so this bounds the whole.
constexpr Duration kLimit = std::chrono::milliseconds(1800);
constexpr Duration kLeastInterval = std::chrono::seconds(1);

Awaitable<void> check_into(const Outside& outside, const stack::Service& service, const stack::Check* check,
                           CheckResult& result) {
    result = co_await run_check(outside, service, check);
}

// A service that is not public is asked where it listens.
Awaitable<void> probe_into(const stack::Service& service, std::uint16_t port, CheckResult& result) {
    const auto begun = Clock::now();
    auto probed = co_await process::probe(service.health, port, kLimit);
    result = {service.name, "health (direct)", probed.healthy, probed.reason, ms_since(begun)};
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

// The running stack of this machine, looked at once.
std::vector<CheckResult> check_here(const Manifest& manifest, const local::StackView& view) {
    const local::StateFolder state{manifest.root};
    local::LayoutOptions where;
    where.root = manifest.root;
    where.edge_port = view.edge_port;
    where.secrets = state.read_secrets(manifest.environment.generate);

    std::vector<CheckResult> results;
    Loop loop;
    http::Client client{loop};
    const Outside outside{loop,
                          client,
                          "127.0.0.1",
                          view.edge_port,
                          local::outside_values(manifest.stack, manifest.environment, where),
                          kLimit,
                          {}};
    asio::co_spawn(loop.executor(), check_all(manifest, view, outside, results), asio::detached);
    loop.run();
    return results;
}

struct VerifyOptions {
    bool watch = false;
    std::string interval = "60s";
};

int verify(Context& context, const VerifyOptions& options) {
    auto manifest = context.manifest();
    if (!manifest) return context.exit_code;
    std::function<std::vector<CheckResult>()> round;
    std::unique_ptr<RemoteVerify> outside;
    std::optional<local::StackView> view;
    if (manifest->environment.target == stack::TargetKind::Local) {
        view = running_stack(context, *manifest);
        if (!view) return context.exit_code;
        note_change(context, *view);
        round = [&] { return check_here(*manifest, *view); };
    } else {
        outside = RemoteVerify::open(context, *manifest);
        if (!outside) return context.exit_code;
        round = [&] { return outside->run(); };
    }
    if (options.watch) watch_checks(context, *parse_duration(options.interval), round);
    const auto begun = Clock::now();
    const auto results = round();
    return tell_checks(context, results, ms_since(begun));
}

}  // namespace

void add_verify(CLI::App& app, Context& context) {
    auto options = std::make_shared<VerifyOptions>();
    auto* command = app.add_subcommand("verify", "Check the running stack from outside, through the edge");
    auto* watch = command->add_flag("-w,--watch", options->watch, "Go on checking, and tell what changes");
    const auto is_interval = [](const std::string& text) {
        const auto interval = parse_duration(text);
        return interval && *interval >= kLeastInterval
                   ? std::string{}
                   : fmt::format("\"{}\" is no time of at least 1s, such as 30s or 5m", text);
    };
    command->add_option("--interval", options->interval, "With --watch: how often")
        ->check(CLI::Validator{is_interval, ""})
        ->type_name("TIME")
        ->needs(watch)
        ->capture_default_str();
    command->callback([&context, options] { context.exit_code = verify(context, *options); });
}

}  // namespace seance::cli
