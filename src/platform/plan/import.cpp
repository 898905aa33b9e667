#include "platform/plan/import.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "platform/plan/bookkeeping.hpp"
#include "platform/stack/field_reader.hpp"

namespace seance::plan {

namespace {

// What stack.yaml keeps for itself (stack/rules.cpp).
const std::set<std::string> kReservedServices{"logs", "secrets", "objects", "releases"};
constexpr std::string_view kReservedSubdomain = "dashboard";
constexpr std::uint16_t kUnknownPort = 8080;
constexpr std::size_t kLongestName = 40;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

// "@", one label, or "" where the host is not of the domain.
std::string subdomain_of(const std::string& host, const std::string& domain) {
    if (host == domain) return "@";
    if (!host.ends_with("." + domain)) return {};
    auto label = host.substr(0, host.size() - domain.size() - 1);
    return stack::is_name(label) ? label : std::string{};
}

class Importer {
  public:
    Importer(const Live& live, const ImportOptions& options) : live_(live), options_(options) {
        environment_.name = options.environment;
        environment_.target = stack::TargetKind::Railway;
    }

    Imported run() {
        choose();
        name_project();
        std::vector<std::string> hosts;
        for (const auto* service : chosen_)
            for (const auto& domain : service->domains) hosts.push_back(domain.host);
        environment_.domain = hosts.empty() ? made_.stack.project + ".example" : common_domain(hosts);
        if (options_.dns) environment_.dns = stack::DnsKind::Cloudflare;
        common_settings();
        for (const auto* service : chosen_) made_.stack.services.push_back(import(*service));
        needs();
        if (!made_.secrets.empty() && (made_.was_ours || !options_.secrets_file.empty()))
            environment_.secrets_file = options_.secrets_file.empty()
                                            ? fmt::format("deploy/secrets.{}.yaml", options_.environment)
                                            : options_.secrets_file;
        // A secret of ours that is not in the file would be taken away: rather not deployed.
        if (made_.was_ours) environment_.required = readable_;
        made_.stack.environments.push_back(std::move(environment_));
        return std::move(made_);
    }

  private:
    void choose() {
        for (const auto& service : live_.services) {
            if (!service.variable(std::string(kNamesVariable)).empty()) made_.was_ours = true;
            const auto why = !stack::is_name(service.name) ? "its name is none that stack.yaml can hold"
                             : kReservedServices.contains(service.name)
                                 ? "its name is one that stack.yaml keeps for itself"
                             : options_.from_repository.contains(service.name)
                                 ? "Railway builds it from a repository"
                             : service.image.empty() ? "it has no image"
                                                     : "";
            if (*why == '\0')
                chosen_.push_back(&service);
            else
                note("service {} is left out: {}", service.name, why);
        }
    }

    void name_project() {
        made_.stack.project = name_from(options_.project);
        if (made_.stack.project.empty()) made_.stack.project = "imported";
        if (made_.stack.project != options_.project) environment_.railway.project = options_.project;
    }

    // What stack.yaml says once for the whole environment.
    void common_settings() {
        std::map<int, int> overlaps;
        std::set<std::string> regions;
        int drain = -1;
        for (const auto* service : chosen_) {
            ++overlaps[service->settings.overlap_seconds];
            regions.insert(service->settings.region);
            if (drain < 0 || service->settings.drain_seconds < drain) drain = service->settings.drain_seconds;
        }
        if (chosen_.empty()) return;
        const auto most = std::max_element(overlaps.begin(), overlaps.end(),
                                           [](const auto& a, const auto& b) { return a.second < b.second; });
        environment_.overlap = std::chrono::seconds(most->first);
        environment_.drain = std::chrono::seconds(drain);
        if (!options_.all_settings) return;
        if (regions.size() == 1)
            environment_.railway.region = *regions.begin();
        else
            note("services are in several regions ({}): none is declared", fmt::join(regions, ", "));
    }

    stack::Service import(const LiveService& live) {
        stack::Service made;
        made.name = live.name;
        made.image = live.image;
        const auto& s = live.settings;
        if (s.health_path.starts_with('/'))
            made.health = {stack::HealthCheck::Http, s.health_path};
        else if (!s.health_path.empty())
            note("the health path of {} is \"{}\", which does not begin with /", live.name, s.health_path);
        if (!s.health_path.empty() && s.health_timeout_seconds != Settings{}.health_timeout_seconds)
            made.start_timeout = std::chrono::seconds(s.health_timeout_seconds);
        if (const auto own = std::chrono::seconds(s.overlap_seconds); own != environment_.overlap)
            made.overlap = own;
        made.replicas = static_cast<std::uint32_t>(std::clamp(s.replicas, 1, 100));
        made.restart = s.restart;
        made.stop_timeout = std::chrono::seconds(s.drain_seconds);
        if (options_.all_settings) made.resources = {s.cpu, s.memory_mb};
        if (!s.start_command.empty()) environment_.start[live.name] = s.start_command;
        made.volume = live.volume;
        const auto* domain = choose_domain(live, made);
        choose_port(live, domain, made);
        variables(live, made);
        return made;
    }

    const LiveDomain* choose_domain(const LiveService& live, stack::Service& made) {
        const LiveDomain* chosen = nullptr;
        for (const auto& domain : live.domains) {
            const auto subdomain = subdomain_of(domain.host, environment_.domain);
            const auto why =
                subdomain.empty() ? fmt::format("it is not one label under {}", environment_.domain)
                : subdomain == kReservedSubdomain ? std::string("stack.yaml keeps that name for itself")
                : chosen                          ? std::string("stack.yaml holds one name of each service")
                                                  : std::string{};
            if (why.empty()) {
                chosen = &domain;
                made.subdomain = subdomain;
            } else
                note("{} of {} is left as it is: {}", domain.host, live.name, why);
        }
        return chosen;
    }

    void choose_port(const LiveService& live, const LiveDomain* domain, stack::Service& made) {
        const auto variable = parse_number(live.variable("PORT"));
        const bool usable = variable && *variable >= 1 && *variable <= 65535;
        if (domain && domain->port && (!usable || *variable != static_cast<std::uint64_t>(*domain->port))) {
            made.port = static_cast<std::uint16_t>(*domain->port);
            made.sets_port = false;
            return;
        }
        if (domain && !domain->port) note("Railway guesses the port of {}; the plan sets it", domain->host);
        made.sets_port = usable;
        made.port = usable ? static_cast<std::uint16_t>(*variable) : usual_port(live.image);
    }

    static std::uint16_t usual_port(const std::string& image) {
        if (image.find("redis") != std::string::npos || image.find("valkey") != std::string::npos)
            return 6379;
        return image.find("postgres") != std::string::npos ? 5432 : kUnknownPort;
    }

    void variables(const LiveService& live, stack::Service& made) {
        for (const auto& [name, variable] : live.variables) {
            if (is_bookkeeping(name) || (name == "PORT" && made.sets_port)) continue;
            if (!stack::is_variable(name) || name.starts_with("RAILWAY_")) {
                note("{} of {} is left as it is: stack.yaml cannot set it", name, live.name);
                continue;
            }
            if (!variable.text || looks_secret(name, variable.text->reveal())) {
                made.secrets.push_back(name);
                made_.secrets[live.name].push_back(name);
                if (variable.text) readable_[live.name].push_back(name);
                continue;
            }
            auto text = variable.text->reveal();
            replace_all(text, "${", "$${");
            for (const auto* other : chosen_) refer(text, *other, made);
            made.env[name] = std::move(text);
        }
    }

    // An address in the private network becomes a reference, and so the other service a need.
    void refer(std::string& text, const LiveService& other, const stack::Service& made) {
        const auto host = private_host(other.name);
        const auto at = text.find(host);
        if (at == std::string::npos || (at > 0 && (text[at - 1] == '-' || is_alnum(text[at - 1])))) return;
        replace_all(text, host, fmt::format("${{services.{}.host}}", other.name));
        if (other.name != made.name) needs_[made.name].insert(other.name);
    }
    static bool is_alnum(char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
    }

    void needs() {
        for (auto& service : made_.stack.services)
            for (const auto& other : needs_[service.name])
                if (!reaches(other, service.name)) service.needs.push_back(other);
    }
    bool reaches(const std::string& from, const std::string& to) const {
        if (from == to) return true;
        const auto* service = made_.stack.service(from);
        return service && std::any_of(service->needs.begin(), service->needs.end(),
                                      [&](const std::string& next) { return reaches(next, to); });
    }

    template <class... Args>
    void note(fmt::format_string<Args...> text, Args&&... args) {
        made_.notes.push_back(fmt::format(text, std::forward<Args>(args)...));
    }

    const Live& live_;
    const ImportOptions& options_;
    Imported made_;
    stack::Environment environment_;
    std::vector<const LiveService*> chosen_;
    std::map<std::string, std::set<std::string>> needs_;
    std::map<std::string, std::vector<std::string>> readable_;  // secrets whose value is known
};

}  // namespace

Imported import_stack(const Live& live, const ImportOptions& options) {
    return Importer{live, options}.run();
}

namespace {

// One long word with letters and digits mixed, as keys are.
bool looks_random(std::string_view value) {
    constexpr std::size_t kLeast = 24;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return value.size() >= kLeast && std::any_of(value.begin(), value.end(), is_digit) &&
           std::any_of(value.begin(), value.end(), is_letter) &&
           std::all_of(value.begin(), value.end(), [&](char c) {
               return is_digit(c) || is_letter(c) ||
                      std::string_view("+=_-").find(c) != std::string_view::npos;
           });
}

}  // namespace

bool looks_secret(std::string_view name, std::string_view value) {
    auto word = lower(name);
    if (const auto at = word.find("valkey"); at != std::string::npos) word.erase(at, 6);  // no key of its own
    for (const auto* part : {"key", "secret", "token", "pass", "pwd", "dsn", "credential", "private", "auth",
                             "sign", "salt", "cert"})
        if (word.find(part) != std::string::npos) return true;
    if (looks_random(value)) return true;
    if (value.find("PRIVATE KEY-----") != std::string_view::npos) return true;
    // scheme://user:password@host
    for (auto at = value.find("://"); at != std::string_view::npos; at = value.find("://", at + 1)) {
        auto rest = value.substr(at + 3);
        rest = rest.substr(0, rest.find_first_of("/?# \t\n"));
        const auto end = rest.rfind('@');
        if (end == std::string_view::npos) continue;
        const auto colon = rest.substr(0, end).find(':');
        if (colon != std::string_view::npos && colon + 1 < end) return true;
    }
    return false;
}

std::string common_domain(const std::vector<std::string>& hosts) {
    std::set<std::string> candidates;
    for (const auto& host : hosts) {
        candidates.insert(host);
        const auto dot = host.find('.');
        if (dot != std::string::npos && host.find('.', dot + 1) != std::string::npos)
            candidates.insert(host.substr(dot + 1));
    }
    std::string best;
    std::ptrdiff_t most = -1;
    for (const auto& domain : candidates) {
        const auto covered = std::count_if(hosts.begin(), hosts.end(), [&](const std::string& host) {
            return !subdomain_of(host, domain).empty();
        });
        if (covered > most || (covered == most && domain.size() > best.size())) {
            best = domain;
            most = covered;
        }
    }
    return best;
}

std::string name_from(std::string_view text) {
    std::string name;
    for (const char c : lower(text)) {
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            name += c;
        else if (!name.empty() && name.back() != '-')
            name += '-';
    }
    name.resize(std::min(name.size(), kLongestName));
    while (name.ends_with('-')) name.pop_back();
    return name;
}

}  // namespace seance::plan
