#include "platform/exports/kubernetes_pod.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

namespace seance::exports {

namespace {

namespace json = boost::json;

// The user of images that seance builds; ready-made ones get it too.
constexpr int kUser = 65532;
constexpr std::uint16_t kFirstOpenPort = 1024;
constexpr std::uint64_t kStartPeriod = 2;  // seconds between two looks at a service that starts

// Kubernetes replaces $(NAME) in values and arguments; a doubled dollar stands for one.
std::string literal(std::string_view text) {
    std::string out;
    for (const char c : text) out += c == '$' ? "$$" : std::string(1, c);
    return out;
}

json::array env(const Request& request, const Unit& unit) {
    json::array out;
    for (const auto& [name, value] : unit.variables)
        if (!has_secret(value))
            out.push_back(json::object{{"name", name}, {"value", literal(text_of(value))}});
    for (const auto& secret : secret_variables(request, unit)) {
        json::object key{{"name", secrets_name(unit)}, {"key", secret.name}};
        if (!secret.required) key["optional"] = true;
        out.push_back(json::object{{"name", secret.name},
                                   {"valueFrom", json::object{{"secretKeyRef", std::move(key)}}}});
    }
    return out;
}

void probes(const stack::Service& service, json::object& out) {
    if (service.health.kind == stack::HealthCheck::None) return;
    json::object answers{{"port", "main"}};
    std::string_view how = "tcpSocket";
    if (service.health.kind == stack::HealthCheck::Http) {
        how = "httpGet";
        answers["path"] = service.health.path;
    }
    const auto tries =
        std::max<std::uint64_t>(1, (whole_seconds(service.start_limit()) + kStartPeriod - 1) / kStartPeriod);
    out["startupProbe"] = json::object{
        {how, answers}, {"periodSeconds", kStartPeriod}, {"timeoutSeconds", 2}, {"failureThreshold", tries}};
    out["readinessProbe"] =
        json::object{{how, answers}, {"periodSeconds", 5}, {"timeoutSeconds", 3}, {"failureThreshold", 3}};
    // Whether it accepts at all: a health check that fails for want of another service must not restart
    // it.
    out["livenessProbe"] = json::object{{"tcpSocket", json::object{{"port", "main"}}},
                                        {"periodSeconds", 10},
                                        {"timeoutSeconds", 5},
                                        {"failureThreshold", 6}};
}

json::object resources(const stack::Resources& given) {
    json::object requests, limits, out;
    // A limit on memory alone: one on time would slow a service that could run.
    if (given.cpu > 0) requests["cpu"] = fmt::format("{}m", std::max(1, static_cast<int>(given.cpu * 1000)));
    if (given.memory_mb > 0) {
        const auto memory = fmt::format("{}Mi", given.memory_mb);
        requests["memory"] = memory;
        limits["memory"] = memory;
    }
    if (!requests.empty()) out["requests"] = std::move(requests);
    if (!limits.empty()) out["limits"] = std::move(limits);
    return out;
}

json::object container(const Request& request, const Unit& unit) {
    const auto& service = *unit.service;
    json::object out{{"name", service.name}, {"image", unit.image}};
    if (!unit.start.empty()) {
        json::array command;
        for (const auto& word : unit.start) command.push_back(json::string(literal(word)));
        out["command"] = std::move(command);
    }
    out["ports"] = json::array{json::object{{"name", "main"}, {"containerPort", service.port}}};
    out["env"] = env(request, unit);
    probes(service, out);
    if (auto limits = resources(service.resources); !limits.empty()) out["resources"] = std::move(limits);
    out["securityContext"] = json::object{{"allowPrivilegeEscalation", false},
                                          {"readOnlyRootFilesystem", true},
                                          {"capabilities", json::object{{"drop", json::array{"ALL"}}}}};
    json::array mounts{json::object{{"name", "tmp"}, {"mountPath", "/tmp"}},
                       json::object{{"name", "tmp"}, {"mountPath", "/var/tmp"}}};
    if (!service.volume.empty())
        mounts.push_back(json::object{{"name", "data"}, {"mountPath", service.volume}});
    out["volumeMounts"] = std::move(mounts);
    return out;
}

}  // namespace

std::string secrets_name(const Unit& unit) {
    return unit.service->name + "-secrets";
}

json::object pod_of(const Request& request, const Unit& unit) {
    const auto& service = *unit.service;
    json::object security{{"runAsNonRoot", true},
                          {"runAsUser", kUser},
                          {"runAsGroup", kUser},
                          {"fsGroup", kUser},
                          {"seccompProfile", json::object{{"type", "RuntimeDefault"}}}};
    if (service.port < kFirstOpenPort)  // one of the sysctls that are safe and allowed to all
        security["sysctls"] =
            json::array{json::object{{"name", "net.ipv4.ip_unprivileged_port_start"}, {"value", "0"}}};
    json::array volumes{json::object{{"name", "tmp"}, {"emptyDir", json::object{}}}};
    if (!service.volume.empty())
        volumes.push_back(
            json::object{{"name", "data"},
                         {"persistentVolumeClaim", json::object{{"claimName", service.name + "-data"}}}});
    const auto grace =
        std::max(whole_seconds(request.environment.drain), whole_seconds(service.stop_timeout));
    return {{"automountServiceAccountToken", false},
            // The variables that Kubernetes adds for each Service would meet those of the stack.
            {"enableServiceLinks", false},
            {"terminationGracePeriodSeconds", grace},
            {"securityContext", std::move(security)},
            {"containers", json::array{container(request, unit)}},
            {"volumes", std::move(volumes)}};
}

}  // namespace seance::exports
