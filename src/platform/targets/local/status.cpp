#include "platform/targets/local/status.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>

namespace seance::local {

namespace json = boost::json;

namespace {

std::string common_commit(const std::vector<ServiceView>& services) {
    std::string common;
    for (const auto& service : services) {
        if (service.commit.empty() || service.commit == common) continue;
        if (!common.empty()) return {};
        common = service.commit;
    }
    return common;
}

}  // namespace

StackView view(const Layout& layout, const std::vector<process::ServiceStatus>& services,
               std::chrono::system_clock::time_point now) {
    StackView out;
    out.project = layout.project;
    out.environment = layout.environment;
    out.edge_port = layout.edge_port;
    out.edge_url = public_url(layout.domain, layout.edge_port);
    out.dashboard_url = public_url("dashboard." + layout.domain, layout.edge_port);
    out.fingerprint = layout.fingerprint;
    out.pid = ::getpid();
    out.ready = true;
    for (const auto& status : services) {
        ServiceView service;
        service.name = status.name;
        service.state = process::name_of(status.state);
        service.detail = status.state == process::State::Healthy ? "" : status.detail;
        service.last_exit = status.last_exit;
        service.port = status.port;
        service.admin_port = status.has_metrics ? status.admin_port : std::uint16_t{0};
        service.commit = status.commit;
        service.direct_url = fmt::format("127.0.0.1:{}", status.port);
        if (auto host = layout.hosts.find(status.name); host != layout.hosts.end())
            service.url = public_url(host->second, layout.edge_port);
        service.pid = status.pid;
        service.restarts = status.restarts;
        if (status.pid != 0)
            service.uptime_seconds = std::chrono::duration<double>(now - status.started).count();
        out.ready = out.ready && status.state == process::State::Healthy;
        out.services.push_back(std::move(service));
    }
    out.commit = common_commit(out.services);
    return out;
}

std::string advice_on_change(const StackView& view) {
    return view.stack_changed.value_or(false) ? "stack.yaml has changed since the stack was started, which "
                                                "runs as it was: seance down, then "
                                                "seance up, takes the change over"
                                              : "";
}

std::string to_json(const StackView& view) {
    json::array services;
    for (const auto& s : view.services)
        services.push_back(json::object{{"name", s.name},
                                        {"state", s.state},
                                        {"detail", s.detail},
                                        {"url", s.url},
                                        {"direct_url", s.direct_url},
                                        {"port", s.port},
                                        {"admin_port", s.admin_port},
                                        {"pid", s.pid},
                                        {"uptime_seconds", s.uptime_seconds},
                                        {"restarts", s.restarts},
                                        {"last_exit", s.last_exit},
                                        {"commit", s.commit}});
    json::object out{{"schema", "seance.status/1"},
                     {"project", view.project},
                     {"environment", view.environment},
                     {"commit", view.commit},
                     {"running", true},
                     {"ready", view.ready},
                     {"pid", view.pid},
                     {"edge_port", view.edge_port},
                     {"edge_url", view.edge_url},
                     {"dashboard_url", view.dashboard_url},
                     {"fingerprint", view.fingerprint},
                     {"services", std::move(services)}};
    if (view.stack_changed) out["stack_changed"] = *view.stack_changed;
    return json::serialize(out);
}

std::optional<StackView> from_json(std::string_view text) {
    try {
        const auto root = json::parse(text);
        const auto string = [](const json::value& from, const char* key) {
            return json::value_to<std::string>(from.at(key));
        };
        StackView view;
        view.project = string(root, "project");
        view.environment = string(root, "environment");
        view.commit = string(root, "commit");
        // A stack that an earlier seance has started does not tell it.
        if (root.as_object().contains("fingerprint")) view.fingerprint = string(root, "fingerprint");
        view.edge_url = string(root, "edge_url");
        view.dashboard_url = string(root, "dashboard_url");
        view.edge_port = root.at("edge_port").to_number<std::uint16_t>();
        view.pid = root.at("pid").to_number<std::int64_t>();
        view.ready = root.at("ready").as_bool();
        for (const auto& item : root.at("services").as_array()) {
            ServiceView s;
            s.name = string(item, "name");
            s.state = string(item, "state");
            s.detail = string(item, "detail");
            s.url = string(item, "url");
            s.direct_url = string(item, "direct_url");
            s.last_exit = string(item, "last_exit");
            s.commit = string(item, "commit");
            s.port = item.at("port").to_number<std::uint16_t>();
            s.admin_port = item.at("admin_port").to_number<std::uint16_t>();
            s.pid = item.at("pid").to_number<std::int64_t>();
            s.restarts = item.at("restarts").to_number<std::uint64_t>();
            s.uptime_seconds = item.at("uptime_seconds").to_number<double>();
            view.services.push_back(std::move(s));
        }
        return view;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

std::string print_uptime(double seconds) {
    const auto s = static_cast<std::int64_t>(seconds);
    if (s < 60) return fmt::format("{}s", s);
    if (s < 3600) return fmt::format("{}m {:02}s", s / 60, s % 60);
    if (s < 86400) return fmt::format("{}h {:02}m", s / 3600, s / 60 % 60);
    return fmt::format("{}d {}h", s / 86400, s / 3600 % 24);
}

}  // namespace seance::local
