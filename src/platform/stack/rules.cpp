#include "platform/stack/rules.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "platform/stack/references.hpp"

namespace seance::stack {

namespace {

// Names of folders in the state folder; a service's volume lies beside them.
const std::set<std::string> kReserved{"logs", "secrets", "objects", "releases"};
// What `static` may not take: the edge has its own page there.
constexpr std::string_view kDashboard = "dashboard";

class Rules {
  public:
    Rules(const Stack& stack, const Places& places, std::vector<Finding>& problems)
        : stack_(stack), places_(places), problems_(problems) {
        for (const auto& service : stack.services) names_.push_back(service.name);
    }

    void check() {
        for (const auto& service : stack_.services) {
            if (kReserved.contains(service.name))
                problem(service.line, fmt::format("a service cannot be called {}: it is a folder of .seance",
                                                  service.name));
            needs(service);
        }
        cycles();
        addresses();
        for (const auto& environment : stack_.environments) {
            overrides(environment);
            for (const auto& service : stack_.services) references(environment, service);
        }
    }

  private:
    void needs(const Service& service) {
        std::set<std::string> seen;
        for (const auto& need : service.needs) {
            const int line = place(service.name + ".needs." + need, service.line);
            if (need == service.name)
                problem(line, fmt::format("{} needs itself", service.name));
            else if (!stack_.service(need))
                problem(line, fmt::format("{} needs \"{}\", which is no service{}", service.name, need,
                                          did_you_mean(need, names_)));
            if (!seen.insert(need).second)
                problem(line, fmt::format("{} needs {} twice", service.name, need));
        }
    }

    // Every cycle once, told from the service that is written first.
    void cycles() {
        std::set<std::string> done;
        for (const auto& service : stack_.services) {
            std::vector<std::string> path;
            walk(service, path, done);
        }
    }

    void walk(const Service& service, std::vector<std::string>& path, std::set<std::string>& done) {
        if (auto start = std::find(path.begin(), path.end(), service.name); start != path.end()) {
            std::vector<std::string> cycle{start, path.end()};
            cycle.push_back(service.name);
            if (cycle.size() > 2)
                problem(service.line,
                        fmt::format("services need each other in a circle: {}", fmt::join(cycle, " -> ")));
            return;
        }
        if (done.contains(service.name)) return;
        path.push_back(service.name);
        for (const auto& need : service.needs)
            if (const auto* other = stack_.service(need)) walk(*other, path, done);
        path.pop_back();
        done.insert(service.name);
    }

    void addresses() {
        std::map<std::string, std::string> subdomains;
        std::map<std::uint16_t, std::string> ports;
        for (const auto& service : stack_.services) {
            if (!service.subdomain.empty()) {
                auto [first, fresh] = subdomains.emplace(service.subdomain, service.name);
                const int line = place(service.name + ".subdomain", service.line);
                if (!fresh)
                    problem(line, fmt::format("{} and {} both want the subdomain {}", first->second,
                                              service.name, service.subdomain));
            }
            if (service.local_port == 0) continue;
            auto [first, fresh] = ports.emplace(service.local_port, service.name);
            if (!fresh)
                problem(place(service.name + ".local_port", service.line),
                        fmt::format("{} and {} both want port {} of this machine", first->second,
                                    service.name, service.local_port));
        }
        for (const auto& environment : stack_.environments)
            for (const auto& [subdomain, folder] : environment.static_files) {
                const int line = place(environment.name + ".static." + subdomain, environment.line);
                if (auto taken = subdomains.find(subdomain); taken != subdomains.end())
                    problem(line, fmt::format("static {} has the subdomain of service {}", subdomain,
                                              taken->second));
                if (subdomain == kDashboard) problem(line, "the subdomain dashboard is seance's own");
            }
        if (auto taken = subdomains.find(std::string(kDashboard)); taken != subdomains.end())
            problem(place(taken->second + ".subdomain", 1), "the subdomain dashboard is seance's own");
    }

    void overrides(const Environment& environment) {
        for (const auto& [service, map] : environment.env)
            if (!stack_.service(service))
                problem(place(environment.name + ".env." + service, environment.line),
                        fmt::format("environment {} has env for \"{}\", which is no service{}",
                                    environment.name, service, did_you_mean(service, names_)));
        for (const auto& [service, names] : environment.required) service_of(environment, "require", service);
        for (const auto& [service, command] : environment.start) service_of(environment, "start", service);
        if (environment.target != TargetKind::Local) {
            for (const auto* key : {"static", "sinks", "generate"})
                if (places_.contains(environment.name + "." + key))
                    problem(place(environment.name + "." + key, environment.line),
                            fmt::format("environment {} is not local: {}", environment.name,
                                        std::string_view(key) == "generate"
                                            ? "secrets come from its secrets file, not from generate"
                                            : std::string(key) + " is served by the local edge only"));
            if (!environment.required.empty() && environment.secrets_file.empty())
                problem(place(environment.name + ".require", environment.line),
                        fmt::format("environment {} requires secrets but names no secrets file",
                                    environment.name));
            for (const auto& service : stack_.services)
                if (service.image.empty() && service.source.empty())
                    problem(service.line,
                            fmt::format("service {} has neither image nor source, which environment {} needs",
                                        service.name, environment.name));
            const bool builds = std::any_of(stack_.services.begin(), stack_.services.end(),
                                            [](const Service& one) { return !one.source.empty(); });
            if (builds && stack_.registry.empty())
                problem(environment.line,
                        fmt::format("the stack has no registry, from which environment {} takes images",
                                    environment.name));
            return;
        }
        for (const auto* key :
             {"dns", "secrets", "require", "spaces", "railway", "overlap", "drain", "start", "budget"})
            if (places_.contains(environment.name + "." + key))
                problem(place(environment.name + "." + key, environment.line),
                        fmt::format("environment {} is local: {} is for targets out in the world",
                                    environment.name, key));
        for (const auto& service : stack_.services)
            if (service.programs.empty())
                problem(service.line,
                        fmt::format("service {} has no program, which the local environment {} needs",
                                    service.name, environment.name));
    }

    void service_of(const Environment& environment, const std::string& key, const std::string& service) {
        if (!stack_.service(service))
            problem(place(environment.name + "." + key + "." + service, environment.line),
                    fmt::format("environment {} has {} for \"{}\", which is no service{}", environment.name,
                                key, service, did_you_mean(service, names_)));
    }

    void references(const Environment& environment, const Service& service) {
        const auto known = reference_names(stack_, environment, service);
        for (const auto& [name, value] : variables(service, environment)) {
            auto own = environment.env.find(service.name);
            const bool overridden = own != environment.env.end() && own->second.contains(name);
            const auto key =
                (overridden ? environment.name + ".env." + service.name : service.name + ".env") + "." + name;
            text(environment, known, value, name + " of " + service.name, place(key, service.line));
        }
        // Arguments are those of the local program.
        if (environment.target == TargetKind::Local)
            for (const auto& arg : service.args)
                text(environment, known, arg, "args of " + service.name,
                     place(service.name + ".args", service.line));
        for (std::size_t i = 0; i < service.verify.size(); ++i)
            for (const auto& [key, value] : service.verify[i].settings)
                text(environment, known, value, key + " in verify of " + service.name,
                     place(fmt::format("{}.verify.{}.{}", service.name, i, key), service.line));
    }

    void text(const Environment& environment, const std::set<std::string>& known, const std::string& value,
              const std::string& what, int line) {
        const auto names = references_in(value);
        if (!names) return problem(line, fmt::format("{}: {}", what, names.error().what));
        for (const auto& name : *names) {
            if (known.contains(name)) continue;
            // Which there are is known only to whoever can open the secrets file.
            if (environment.target != TargetKind::Local &&
                (name.starts_with("secret.") || name.starts_with("secret_sha256.")))
                continue;
            const std::vector<std::string> candidates{known.begin(), known.end()};
            problem(line, fmt::format("{} refers to ${{{}}}, which environment {} does not have{}", what,
                                      name, environment.name, did_you_mean(name, candidates)));
        }
    }

    int place(const std::string& key, int otherwise) const {
        auto found = places_.find(key);
        return found == places_.end() ? otherwise : found->second;
    }

    void problem(int line, std::string what) {
        if (told_.insert({line, what}).second) problems_.push_back({line, std::move(what)});
    }

    const Stack& stack_;
    const Places& places_;
    std::vector<Finding>& problems_;
    std::vector<std::string> names_;
    std::set<std::pair<int, std::string>> told_;
};

}  // namespace

void check_rules(const Stack& stack, const Places& places, std::vector<Finding>& problems) {
    Rules(stack, places, problems).check();
}

}  // namespace seance::stack
