#include "platform/exports/kubernetes.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "platform/exports/kubernetes_pod.hpp"
#include "platform/exports/wanted.hpp"
#include "platform/stack/yaml_writer.hpp"

namespace seance::exports {

namespace {

namespace json = boost::json;

// As large as a volume of Railway's smallest paid plan.
constexpr std::string_view kVolumeSize = "5Gi";
// A Deployment gives up after this unless its start takes longer; the usual value of Kubernetes.
constexpr std::uint64_t kProgressSeconds = 600;

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
                    namespace_, secrets_name(unit), unit.service->name);
            first = false;
            out += fmt::format("# {}:\n", secrets_name(unit));
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
        const auto start = whole_seconds(service.start_limit());
        if (start >= kProgressSeconds) spec["progressDeadlineSeconds"] = start + 60;
        spec["template"] = json::object{{"metadata", json::object{{"labels", labels(service)}}},
                                        {"spec", pod_of(request_, unit)}};
        add({{"apiVersion", "apps/v1"},
             {"kind", "Deployment"},
             {"metadata", metadata(service)},
             {"spec", std::move(spec)}});
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
