#include "platform/targets/local/local_stack.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "platform/edge/edge.hpp"
#include "platform/edge/sink.hpp"
#include "platform/targets/local/control.hpp"

namespace seance::local {

namespace {

edge::Table table_of(const Layout& layout) {
    edge::Table table;
    for (const auto& service : layout.services)
        if (auto host = layout.hosts.find(service.name); host != layout.hosts.end())
            table.add(host->second, {edge::Target::Service, service.name, service.port, ""});
    for (const auto& [host, folder] : layout.static_files)
        table.add(host, {edge::Target::Files, host, 0, folder});
    table.add("dashboard." + layout.domain, {edge::Target::Dashboard, "dashboard", 0, ""});
    // As in production, www is the domain itself unless somebody else has it.
    const auto www = "www." + layout.domain;
    if (const auto* apex = table.find(layout.domain); apex && !table.find(www))
        table.add(www, edge::Target(*apex));
    return table;
}

edge::StatusPage page_of(const StackView& view) {
    edge::StatusPage page{view.project, view.environment, view.commit, {}};
    for (const auto& s : view.services)
        page.rows.push_back({s.name, s.url, s.state, s.detail,
                             s.pid == 0 ? "-" : print_uptime(s.uptime_seconds), s.direct_url, s.restarts});
    return page;
}

}  // namespace

struct LocalStack::Impl {
    Impl(Loop& l, Layout made, const StateFolder& state, LocalStackEvents e)
        : loop(l),
          layout(std::move(made)),
          events(std::move(e)),
          supervisor(l.executor(), layout.services, options(state)),
          control(l.executor(), state.control(),
                  [this](std::string_view request) { return answer(request); }) {}

    process::SupervisorOptions options(const StateFolder& state) const {
        process::SupervisorOptions made;
        made.log_folder = state.logs();
        made.on_line = events.on_line;
        made.on_change = events.on_change;
        return made;
    }

    StackView status() const { return view(layout, supervisor.status(), std::chrono::system_clock::now()); }

    std::string answer(std::string_view request) {
        boost::system::error_code error;
        const auto asked = boost::json::parse(request, error);
        const auto* what = error || !asked.is_object() ? nullptr : asked.as_object().if_contains("do");
        if (what && *what == "status") return to_json(status());
        if (what && *what == "stop") {
            if (events.on_stop_request) events.on_stop_request();
            return "{\"stopping\":true}";
        }
        if (what && *what == "restart") {
            const auto* service = asked.as_object().if_contains("service");
            const bool known = service && service->is_string() && supervisor.restart(service->get_string());
            return known ? R"({"restarting":true})"
                         : R"({"error":{"code":"NO_SERVICE","message":"there is no such service"}})";
        }
        return R"({"error":{"code":"UNKNOWN_REQUEST","message":"\"do\" must be status, restart or stop"}})";
    }

    Loop& loop;
    Layout layout;
    LocalStackEvents events;
    process::Supervisor supervisor;
    ControlServer control;
    std::unique_ptr<edge::Edge> edge;
    std::vector<std::unique_ptr<edge::Sink>> sinks;
};

LocalStack::LocalStack(Loop& loop, Layout layout, const StateFolder& state, LocalStackEvents events)
    : impl_(std::make_unique<Impl>(loop, std::move(layout), state, std::move(events))) {}

LocalStack::~LocalStack() = default;

std::optional<Problem> LocalStack::start() {
    try {
        edge::EdgeOptions options;
        options.port = impl_->layout.edge_port;
        options.status_page = [impl = impl_.get()] { return page_of(impl->status()); };
        options.status_json = [impl = impl_.get()] { return to_json(impl->status()); };
        impl_->edge = std::make_unique<edge::Edge>(impl_->loop, table_of(impl_->layout), std::move(options));
        impl_->edge->listen();
        for (const auto& [name, port] : impl_->layout.sinks)
            impl_->sinks.push_back(std::make_unique<edge::Sink>(impl_->loop, port));
    } catch (const std::runtime_error& error) {
        return Problem{error.what()};
    }
    if (auto problem = impl_->control.listen()) return problem;
    impl_->supervisor.start();
    return std::nullopt;
}

Awaitable<bool> LocalStack::wait_ready() {
    return impl_->supervisor.wait_ready();
}

Awaitable<void> LocalStack::stop() {
    co_await impl_->supervisor.stop();
    if (impl_->edge) co_await impl_->edge->drain();
    for (auto& sink : impl_->sinks) co_await sink->drain();
    co_await impl_->control.stop();
}

void LocalStack::kill() {
    impl_->supervisor.kill();
}

StackView LocalStack::status() const {
    return impl_->status();
}

}  // namespace seance::local
