#include "platform/exports/kubernetes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "platform/exports/wanted.hpp"
#include "platform/stack/yaml_writer.hpp"

namespace seance::exports {

namespace {

namespace json = boost::json;

// As large as a volume of Railway's smallest paid plan.
constexpr std::string_view kVolumeSize = "5Gi";
// The user of images that seance builds; ready-made ones get it too.
constexpr int kUser = 65532;
constexpr std::uint16_t kFirstOpenPort = 1024;
// A Deployment gives up after this unless its start takes longer; the usual value of Kubernetes.
constexpr std::uint64_t kProgressSeconds = 600;
constexpr std::uint64_t kStartPeriod = 2;  // seconds between two looks at a service that starts

// Kubernetes replaces $(NAME) in values and arguments; a doubled dollar stands for one.
std::string literal(std::string_view text) {
    std::string out;
    for (const char c : text) out += c == '$' ? "$$" : std::string(1, c);
    return out;
}

std::string secret_of(const Unit& unit) {
    return unit.service->name + "-secrets";
}

class Writer {
  public:
    Writer(const Request& request, std::string name_space)
        : request_(request), environment_(request.environment), namespace_(std::move(name_space)) {}

    Exported write(const Wanted& wanted) {
        json::object own{{"name", namespace_},
                         {"labels", json::object{{"app.kubernetes.io/part-of", request_.stack.project},
                                                 {"app.kubernetes.io/managed-by", "seance"},
                                                 {"pod-security.kubernetes.io/enforce", "restricted"}}}};
        add({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", std::move(own)}});
        for (const auto& unit : wanted.units) {
            const auto& service = *unit.service;
            if (!service.volume.empty()) claim(service);
            deployment(unit);
            address(service);
            if (unit.host.empty())
                policy(unit);
            else
                ingress(unit);
            if (service.replicas > 1 && service.volume.empty()) budget(service);
            note(unit);
        }
        return {head(wanted) + documents_, std::move(notes_)};
    }

  private:
    std::string head(const Wanted& wanted) const {
        auto out = fmt::format(
            "# Made by seance export kubernetes -e {} for commit {}: make it anew instead of editing.\n",
            environment_.name, request_.commit);
        bool first = true;
        for (const auto& unit : wanted.units) {
            const auto secrets = secret_variables(request_, unit);
            if (secrets.empty()) continue;
            if (first)
                out += fmt::format(
                    "#\n# Secrets are not in it. Make each once, from a file of NAME=value lines, before the "
                    "Deployments:\n#   kubectl -n {0} create secret generic {1} --from-env-file={2}.env\n",
                    namespace_, secret_of(unit), unit.service->name);
            first = false;
            out += fmt::format("# {}:\n", secret_of(unit));
            for (const auto& secret : secrets)
                out += fmt::format(
                    "#   {}{}{}\n", secret.name, secret.required ? "" : " (may be missing)",
                    secret.made_of.empty() ? "" : ", which is " + stack::yaml_scalar(secret.made_of));
        }
        return out;
    }

    void add(const json::object& document) { documents_ += "---\n" + stack::write_yaml(document); }

    json::object metadata(const stack::Service& service) const {
        return {{"name", service.name}, {"namespace", namespace_}, {"labels", labels(service)}};
    }
    json::object labels(const stack::Service& service) const {
        auto out = selector(service);
        out["app.kubernetes.io/version"] = request_.commit;
        out["app.kubernetes.io/managed-by"] = "seance";
        return out;
    }
    json::object selector(const stack::Service& service) const {
        return {{"app.kubernetes.io/name", service.name},
                {"app.kubernetes.io/part-of", request_.stack.project}};
    }

    void claim(const stack::Service& service) {
        auto named = metadata(service);
        named["name"] = service.name + "-data";
        add({{"apiVersion", "v1"},
             {"kind", "PersistentVolumeClaim"},
             {"metadata", std::move(named)},
             {"spec", json::object{{"accessModes", json::array{"ReadWriteOnce"}},
                                   {"resources",
                                    json::object{{"requests", json::object{{"storage", kVolumeSize}}}}}}}});
        notes_.push_back(fmt::format("the volume of {} asks for {}: change it before the first apply",
                                     service.name, kVolumeSize));
    }

    void deployment(const Unit& unit) {
        const auto& service = *unit.service;
        const bool volume = !service.volume.empty();
        json::object spec{{"replicas", volume ? 1 : service.replicas},
                          {"selector", json::object{{"matchLabels", selector(service)}}}};
        if (volume)  // two pods cannot have it at once
            spec["strategy"] = json::object{{"type", "Recreate"}};
        else
            spec["strategy"] =
                json::object{{"type", "RollingUpdate"},
                             {"rollingUpdate", json::object{{"maxUnavailable", 0}, {"maxSurge", 1}}}};
        const auto start = whole_seconds(service.start_timeout);
        if (start >= kProgressSeconds) spec["progressDeadlineSeconds"] = start + 60;
        spec["template"] =
            json::object{{"metadata", json::object{{"labels", labels(service)}}}, {"spec", pod(unit)}};
        add({{"apiVersion", "apps/v1"},
             {"kind", "Deployment"},
             {"metadata", metadata(service)},
             {"spec", std::move(spec)}});
    }

    json::object pod(const Unit& unit) const {
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
        const auto grace = std::max(whole_seconds(environment_.drain), whole_seconds(service.stop_timeout));
        return {{"automountServiceAccountToken", false},
                // The variables that Kubernetes adds for each Service would meet those of the stack.
                {"enableServiceLinks", false},
                {"terminationGracePeriodSeconds", grace},
                {"securityContext", std::move(security)},
                {"containers", json::array{container(unit)}},
                {"volumes", std::move(volumes)}};
    }

    json::object container(const Unit& unit) const {
        const auto& service = *unit.service;
        json::object out{{"name", service.name}, {"image", unit.image}};
        if (!unit.start.empty()) {
            json::array command;
            for (const auto& word : unit.start) command.push_back(json::string(literal(word)));
            out["command"] = std::move(command);
        }
        out["ports"] = json::array{json::object{{"name", "main"}, {"containerPort", service.port}}};
        out["env"] = env(unit);
        probes(service, out);
        if (auto limits = resources(service.resources); !limits.empty()) out["resources"] = std::move(limits);
        out["securityContext"] = json::object{{"allowPrivilegeEscalation", false},
                                              {"readOnlyRootFilesystem", true},
                                              {"capabilities", json::object{{"drop", json::array{"ALL"}}}}};
        json::array mounts{json::object{{"name", "tmp"}, {"mountPath", "/tmp"}}};
        if (!service.volume.empty())
            mounts.push_back(json::object{{"name", "data"}, {"mountPath", service.volume}});
        out["volumeMounts"] = std::move(mounts);
        return out;
    }

    json::array env(const Unit& unit) const {
        json::array out;
        for (const auto& [name, value] : unit.variables)
            if (!has_secret(value))
                out.push_back(json::object{{"name", name}, {"value", literal(text_of(value))}});
        for (const auto& secret : secret_variables(request_, unit)) {
            json::object key{{"name", secret_of(unit)}, {"key", secret.name}};
            if (!secret.required) key["optional"] = true;
            out.push_back(json::object{{"name", secret.name},
                                       {"valueFrom", json::object{{"secretKeyRef", std::move(key)}}}});
        }
        return out;
    }

    static void probes(const stack::Service& service, json::object& out) {
        if (service.health.kind == stack::HealthCheck::None) return;
        json::object answers{{"port", "main"}};
        std::string_view how = "tcpSocket";
        if (service.health.kind == stack::HealthCheck::Http) {
            how = "httpGet";
            answers["path"] = service.health.path;
        }
        const auto tries = std::max<std::uint64_t>(
            1, (whole_seconds(service.start_timeout) + kStartPeriod - 1) / kStartPeriod);
        out["startupProbe"] = json::object{{how, answers},
                                           {"periodSeconds", kStartPeriod},
                                           {"timeoutSeconds", 2},
                                           {"failureThreshold", tries}};
        out["readinessProbe"] = json::object{
            {how, answers}, {"periodSeconds", 5}, {"timeoutSeconds", 3}, {"failureThreshold", 3}};
        // Whether it accepts at all: a health check that fails for want of another service must not restart
        // it.
        out["livenessProbe"] = json::object{{"tcpSocket", json::object{{"port", "main"}}},
                                            {"periodSeconds", 10},
                                            {"timeoutSeconds", 5},
                                            {"failureThreshold", 6}};
    }

    static json::object resources(const stack::Resources& given) {
        json::object requests, limits, out;
        // A limit on memory alone: one on time would slow a service that could run.
        if (given.cpu > 0)
            requests["cpu"] = fmt::format("{}m", std::max(1, static_cast<int>(given.cpu * 1000)));
        if (given.memory_mb > 0) {
            const auto memory = fmt::format("{}Mi", given.memory_mb);
            requests["memory"] = memory;
            limits["memory"] = memory;
        }
        if (!requests.empty()) out["requests"] = std::move(requests);
        if (!limits.empty()) out["limits"] = std::move(limits);
        return out;
    }

    void address(const stack::Service& service) {
        add({{"apiVersion", "v1"},
             {"kind", "Service"},
             {"metadata", metadata(service)},
             {"spec", json::object{{"selector", selector(service)},
                                   {"ports", json::array{json::object{{"name", "main"},
                                                                      {"port", service.port},
                                                                      {"targetPort", "main"}}}}}}});
    }

    void ingress(const Unit& unit) {
        const auto& service = *unit.service;
        json::object to{
            {"service", json::object{{"name", service.name}, {"port", json::object{{"name", "main"}}}}}};
        json::object path{{"path", "/"}, {"pathType", "Prefix"}, {"backend", std::move(to)}};
        json::object rule{{"host", unit.host},
                          {"http", json::object{{"paths", json::array{std::move(path)}}}}};
        add({{"apiVersion", "networking.k8s.io/v1"},
             {"kind", "Ingress"},
             {"metadata", metadata(service)},
             {"spec",
              json::object{{"tls", json::array{json::object{{"hosts", json::array{json::string(unit.host)}},
                                                            {"secretName", service.name + "-tls"}}}},
                           {"rules", json::array{std::move(rule)}}}}});
    }

    void policy(const Unit& unit) {
        const auto& service = *unit.service;
        json::array allowed;
        if (!unit.clients.empty()) {
            json::object who{{"matchExpressions",
                              json::array{json::object{
                                  {"key", "app.kubernetes.io/name"},
                                  {"operator", "In"},
                                  {"values", json::array(unit.clients.begin(), unit.clients.end())}}}}};
            allowed.push_back(json::object{
                {"from", json::array{json::object{{"podSelector", std::move(who)}}}},
                {"ports", json::array{json::object{{"port", service.port}, {"protocol", "TCP"}}}}});
        }
        add({{"apiVersion", "networking.k8s.io/v1"},
             {"kind", "NetworkPolicy"},
             {"metadata", metadata(service)},
             {"spec", json::object{{"podSelector", json::object{{"matchLabels", selector(service)}}},
                                   {"policyTypes", json::array{"Ingress"}},
                                   {"ingress", std::move(allowed)}}}});
    }

    void budget(const stack::Service& service) {
        add({{"apiVersion", "policy/v1"},
             {"kind", "PodDisruptionBudget"},
             {"metadata", metadata(service)},
             {"spec", json::object{{"maxUnavailable", 1},
                                   {"selector", json::object{{"matchLabels", selector(service)}}}}}});
    }

    void note(const Unit& unit) {
        const auto& service = *unit.service;
        if (service.restart != stack::Restart::Always)
            notes_.push_back(fmt::format("a Deployment always restarts: the restart policy of {} is not kept",
                                         service.name));
        if (!service.volume.empty() && service.replicas > 1)
            notes_.push_back(fmt::format("{} has a volume, which one pod has at a time: 1 replica, not {}",
                                         service.name, service.replicas));
        note_files(unit, notes_);
    }

    const Request& request_;
    const stack::Environment& environment_;
    std::string namespace_, documents_;
    std::vector<std::string> notes_;
};

}  // namespace

Outcome<Exported> export_kubernetes(const Request& request) {
    for (const auto& service : request.stack.services)
        if (service.name[0] >= '0' && service.name[0] <= '9')
            return Problem{
                fmt::format("a Service of Kubernetes cannot be called {}: its name must begin with a letter",
                            service.name)};
    auto name_space = fmt::format("{}-{}", request.stack.project, request.environment.name);
    // RFC 1123.
    if (name_space.size() > 63)
        return Problem{
            fmt::format("a namespace of Kubernetes has 63 characters at most, and {} has {}: give "
                        "the project or the environment a shorter name",
                        name_space, name_space.size())};
    const auto wanted = fill_in(request, [](std::string_view service) { return std::string(service); });
    if (!wanted) return wanted.error();
    return Writer(request, std::move(name_space)).write(*wanted);
}

}  // namespace seance::exports
