#include "platform/exports/compose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "platform/exports/wanted.hpp"
#include "platform/stack/yaml_writer.hpp"

namespace seance::exports {

namespace {

namespace json = boost::json;

// Has a shell, wget and chown, which images built from source have not.
constexpr std::string_view kToolbox = "busybox:1.36";
constexpr std::string_view kUser = "65532:65532";  // of images that seance builds
constexpr std::uint16_t kFirstOpenPort = 1024;
constexpr std::uint16_t kFirstSpare = 18080;  // where ports of this host are sought for those that are taken

// Compose replaces $NAME and ${NAME}; a doubled dollar stands for one.
std::string literal(std::string_view text) {
    std::string out;
    for (const char c : text) out += c == '$' ? "$$" : std::string(1, c);
    return out;
}

json::array words(const std::vector<std::string>& list) {
    json::array out;
    for (const auto& word : list) out.push_back(json::string(literal(word)));
    return out;
}

// 'it'\''s'
std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
    return out + "'";
}

class Writer {
  public:
    Writer(const Request& request, const Wanted& wanted)
        : request_(request), environment_(request.environment), wanted_(wanted) {
        for (const auto& unit : wanted.units) names_.insert(unit.service->name);
        for (const auto& unit : wanted.units) choose_port(unit);
        for (const auto& unit : wanted.units)
            for (const auto& need : unit.service->needs) needed_.insert(need);
    }

    Exported write() {
        for (const auto& unit : wanted_.units) {
            service(unit);
            note_files_of(unit);
        }
        json::object document{{"name", request_.stack.project + "-" + environment_.name},
                              {"services", std::move(services_)}};
        if (!volumes_.empty()) document["volumes"] = std::move(volumes_);
        return {head() + stack::write_yaml(document), std::move(notes_)};
    }

  private:
    std::string head() const {
        auto out = fmt::format(
            "# Made by seance export compose -e {} for commit {}: make it anew instead of editing.\n",
            environment_.name, request_.commit);
        if (!ports_.empty()) {
            out += "#\n# The proxy of this host has the certificates and passes requests on:\n";
            for (const auto& unit : wanted_.units)
                if (const auto port = ports_.find(unit.service->name); port != ports_.end())
                    out +=
                        fmt::format("#   {} -> 127.0.0.1:{}\n", stack::yaml_scalar(unit.host), port->second);
        }
        bool first = true;
        for (const auto& unit : wanted_.units) {
            const auto secrets = secret_variables(request_, unit);
            if (secrets.empty()) continue;
            if (first)
                out +=
                    "#\n# Secrets are not in it. They are lines NAME=value in these files (a value with a $ "
                    "in single "
                    "quotes):\n";
            first = false;
            out += fmt::format("#   secrets/{}.env\n", unit.service->name);
            for (const auto& secret : secrets)
                out += fmt::format(
                    "#     {}{}{}\n", secret.name, secret.required ? "" : " (may be missing)",
                    secret.made_of.empty() ? "" : ", which is " + stack::yaml_scalar(secret.made_of));
        }
        return out;
    }

    // The service's own port where that is free and open to all, so that it is found where one looks for it.
    void choose_port(const Unit& unit) {
        if (unit.host.empty()) return;
        std::uint16_t port = unit.service->local_port != 0 ? unit.service->local_port : unit.service->port;
        std::uint16_t spare = kFirstSpare;
        while (port < kFirstOpenPort || taken_.contains(port)) port = spare++;
        taken_.insert(port);
        ports_[unit.service->name] = port;
    }

    void service(const Unit& unit) {
        const auto& given = *unit.service;
        const bool built = given.image.empty();
        json::object out{{"image", literal(unit.image)}};
        if (!unit.start.empty()) out["entrypoint"] = words(unit.start);
        out["restart"] = given.restart == stack::Restart::Always      ? "always"
                         : given.restart == stack::Restart::OnFailure ? "on-failure"
                                                                      : "no";
        json::object env;
        for (const auto& [name, value] : unit.variables)
            if (!has_secret(value)) env[name] = literal(text_of(value));
        out["environment"] = std::move(env);
        if (!secret_variables(request_, unit).empty())
            out["env_file"] = json::array{json::string("secrets/" + given.name + ".env")};
        if (const auto port = ports_.find(given.name); port != ports_.end())
            out["ports"] =
                json::array{json::string(fmt::format("127.0.0.1:{}:{}", port->second, given.port))};
        json::array volumes;
        if (!given.volume.empty()) {
            volumes.push_back(json::string(fmt::format("{}-data:{}", given.name, literal(given.volume))));
            volumes_[given.name + "-data"] = json::object{};
        }
        if (!built)
            for (const auto& [source, destination] : given.files)
                volumes.push_back(
                    json::string(fmt::format("./{}:{}:ro", literal(source), literal(destination))));
        if (!volumes.empty()) out["volumes"] = std::move(volumes);
        auto waits = needs(unit);
        if (built && !given.volume.empty())
            waits[volume_keeper(given)] = condition("service_completed_successfully");
        if (!waits.empty()) out["depends_on"] = std::move(waits);
        health(given, out);
        replicas_and_resources(given, out);
        out["stop_grace_period"] = fmt::format(
            "{}s", std::max(whole_seconds(environment_.drain), whole_seconds(given.stop_timeout)));
        // Nothing gains rights. Ready-made images may start as root to prepare their folders; ours need
        // nothing.
        out["security_opt"] = json::array{"no-new-privileges:true"};
        if (built) {
            out["user"] = kUser;
            out["read_only"] = true;
            out["tmpfs"] = json::array{"/tmp", "/var/tmp"};
            out["cap_drop"] = json::array{"ALL"};
            if (given.port < kFirstOpenPort)
                out["sysctls"] = json::object{{"net.ipv4.ip_unprivileged_port_start", "0"}};
        }
        out["logging"] = json::object{{"driver", "json-file"},
                                      {"options", json::object{{"max-size", "10m"}, {"max-file", "3"}}}};
        json::object labels{{"seance.project", request_.stack.project},
                            {"seance.environment", environment_.name},
                            {"seance.commit", request_.commit}};
        if (!unit.host.empty()) labels["seance.host"] = unit.host;
        out["labels"] = std::move(labels);
        services_[given.name] = std::move(out);
        if (watched(given)) watcher(given);
    }

    static json::object condition(std::string_view what) { return {{"condition", what}}; }

    json::object needs(const Unit& unit) {
        json::object out;
        for (const auto& name : unit.service->needs) {
            const auto& need = *request_.stack.service(name);
            if (need.health.kind == stack::HealthCheck::None)
                out[name] = condition("service_started");
            else
                out[watched(need) ? watcher_name(need) : name] = condition("service_healthy");
        }
        return out;
    }

    // A service whose own image has nothing to ask it with, while others wait for it to be healthy.
    bool watched(const stack::Service& service) const {
        return service.image.empty() && service.health.kind != stack::HealthCheck::None &&
               needed_.contains(service.name);
    }

    std::string free_name(std::string name, std::string_view more) const {
        do name += more;
        while (names_.contains(name));
        return name;
    }
    std::string watcher_name(const stack::Service& service) const {
        return free_name(service.name, "-health");
    }

    // Asks from a container that shares the service's network.
    void watcher(const stack::Service& service) {
        json::object out{{"image", kToolbox},
                         {"command", json::array{"sleep", "2147483647"}},
                         {"init", true},
                         {"restart", "always"},
                         {"network_mode", "service:" + service.name},
                         {"read_only", true},
                         {"cap_drop", json::array{"ALL"}},
                         {"security_opt", json::array{"no-new-privileges:true"}}};
        out["healthcheck"] = check(service);
        services_[watcher_name(service)] = std::move(out);
    }

    // A new volume belongs to root; the service's user is another.
    std::string volume_keeper(const stack::Service& service) {
        auto name = free_name(service.name, "-volume");
        services_[name] =
            json::object{{"image", kToolbox},
                         {"command", json::array{"chown", kUser, "/volume"}},
                         {"network_mode", "none"},
                         {"volumes", json::array{json::string(service.name + "-data:/volume")}}};
        return name;
    }

    void health(const stack::Service& service, json::object& out) {
        if (service.health.kind == stack::HealthCheck::None || service.image.empty()) return;
        out["healthcheck"] = check(service);
        notes_.push_back(fmt::format(
            "the health check of {} runs in its image, which must have sh and {}", service.name,
            service.health.kind == stack::HealthCheck::Http ? "wget or curl" : "valkey-cli or redis-cli"));
    }

    static json::object check(const stack::Service& service) {
        std::string ask;
        if (service.health.kind == stack::HealthCheck::RedisPing)
            ask = service.image.empty()
                      ? fmt::format("printf 'PING\\r\\n' | nc -w 3 127.0.0.1 {} | grep -q PONG", service.port)
                      : fmt::format("{{ valkey-cli -p {0} ping || redis-cli -p {0} ping; }} | grep -q PONG",
                                    service.port);
        else {
            const auto url = quoted(fmt::format("http://127.0.0.1:{}{}", service.port, service.health.path));
            ask = fmt::format("wget -q -T 5 -O /dev/null {0} || curl -fsS -m 5 -o /dev/null {0}", url);
        }
        return {{"test", json::array{"CMD-SHELL", json::string(literal(ask))}},
                {"interval", "10s"},
                {"timeout", "12s"},
                {"retries", 3},
                {"start_period",
                 fmt::format("{}s", std::max<std::uint64_t>(1, whole_seconds(service.start_limit())))}};
    }

    void replicas_and_resources(const stack::Service& service, json::object& out) {
        json::object deploy;
        if (service.replicas > 1) {
            if (ports_.contains(service.name) || !service.volume.empty())
                notes_.push_back(fmt::format(
                    "{} asks for {} replicas; on one host it has one, since {}", service.name,
                    service.replicas,
                    service.volume.empty() ? "they would share a port" : "they would share a volume"));
            else
                deploy["replicas"] = service.replicas;
        }
        json::object limits;
        if (service.resources.cpu > 0) limits["cpus"] = fmt::format("{}", service.resources.cpu);
        if (service.resources.memory_mb > 0)
            limits["memory"] = fmt::format("{}M", service.resources.memory_mb);
        if (!limits.empty()) deploy["resources"] = json::object{{"limits", std::move(limits)}};
        if (!deploy.empty()) out["deploy"] = std::move(deploy);
    }

    void note_files_of(const Unit& unit) {
        if (unit.service->image.empty() || unit.service->files.empty()) return;
        notes_.push_back(fmt::format("files of {} are mounted from beside the file: keep it with stack.yaml",
                                     unit.service->name));
    }

    const Request& request_;
    const stack::Environment& environment_;
    const Wanted& wanted_;
    std::set<std::string> names_, needed_;
    std::set<std::uint16_t> taken_;
    std::map<std::string, std::uint16_t> ports_;  // of this host, by service
    json::object services_, volumes_;
    std::vector<std::string> notes_;
};

}  // namespace

Outcome<Exported> export_compose(const Request& request) {
    const auto wanted = fill_in(request, [](std::string_view service) { return std::string(service); });
    if (!wanted) return wanted.error();
    return Writer(request, *wanted).write();
}

}  // namespace seance::exports
