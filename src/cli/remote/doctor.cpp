#include "cli/remote/doctor.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "cli/examined.hpp"
#include "cli/remote/environment.hpp"
#include "cli/remote/ingredients.hpp"
#include "cli/remote/shippable.hpp"
#include "core/base/count.hpp"
#include "core/base/text.hpp"
#include "net/files/date.hpp"
#include "platform/images/docker_builder.hpp"
#include "platform/images/native_builder.hpp"
#include "platform/images/registry.hpp"
#include "platform/process/child.hpp"
#include "platform/releases/git.hpp"
#include "platform/secrets/assess.hpp"
#include "platform/secrets/secret_source.hpp"

namespace seance::cli {

namespace {

// Beyond the first a signature or token may be refused, beyond the second it is.
constexpr std::chrono::seconds kSkewWarn{60}, kSkewFail{300};
// Custom domains of one service that Railway's plans allow: Hobby, Pro. A trial has one in all.
constexpr std::size_t kHobbyDomains = 2, kProDomains = 20;

constexpr std::string_view kNetwork =
    "see whether this machine reaches the network, and https://status.railway.com";

bool is_set(const std::map<std::string, std::string>& environment, const char* name) {
    const auto found = environment.find(name);
    return found != environment.end() && !trim(found->second).empty();
}

class Doctor {
  public:
    Doctor(Context& context, Manifest manifest) : context_(context), manifest_(std::move(manifest)) {
        const auto moved = environment_.find("SEANCE_SECRETS_FILE");
        secrets_file_ = moved == environment_.end() ? manifest_.environment.secrets_file : moved->second;
    }

    int run() {
        add("stack.yaml", Mark::Ok, count(manifest_.stack.services.size(), "service"));
        examine_programs(manifest_, true, all_);
        examine_shippable();
        const bool railway =
            is_set(environment_, "RAILWAY_TOKEN") || is_set(environment_, "RAILWAY_API_TOKEN");
        const bool cloudflare = is_set(environment_, "CLOUDFLARE_API_TOKEN");
        if (!railway)
            add("Railway token", Mark::Fail, "neither RAILWAY_API_TOKEN nor RAILWAY_TOKEN is set",
                "export RAILWAY_API_TOKEN (an account's or workspace's, from Railway's settings), or "
                "RAILWAY_TOKEN (a project's)");
        const bool needs_dns = manifest_.environment.dns == stack::DnsKind::Cloudflare;
        if (needs_dns && !cloudflare)
            add("Cloudflare token", Mark::Fail, "CLOUDFLARE_API_TOKEN is not set",
                "export CLOUDFLARE_API_TOKEN: one that may read the zone and edit its DNS");
        Loop loop;
        run_on(loop, at_home());
        if (!railway) return tell_examined(context_, all_);
        reach_ = Reach::open(context_, manifest_, spaces_keys_, needs_dns && cloudflare);
        if (!reach_) return context_.exit_code;
        run_on(reach_->loop(), outside());
        return tell_examined(context_, all_);
    }

  private:
    using Done = bool;  // run_on() wants a value

    // --- this machine ------------------------------------------------------------------------------------

    Awaitable<Done> at_home() {
        auto commit = co_await releases::read_commit(manifest_.root);
        if (!commit)
            add("git", Mark::Fail, commit.error().what, "deploy takes a commit of a git checkout");
        else if (!commit->changed.empty())
            add("git", manifest_.environment.name == "production" ? Mark::Fail : Mark::Warn,
                fmt::format("changes that are in no commit: {}", fmt::join(commit->changed, ", ")),
                "commit them, or put them away (git stash)");
        else
            add("git", Mark::Ok, fmt::format("clean, commit {}", commit->tag()));
        if (commit) co_await programs(commit->revision);
        co_await secrets();
        co_return true;
    }

    void examine_shippable() {
        std::error_code none;
        const bool dockerfile = std::filesystem::exists(
            std::filesystem::path(manifest_.root) / images::DockerOptions{}.dockerfile, none);
        for (const auto& service : manifest_.stack.services) {
            const auto found = unshippable(manifest_.stack, service,
                                           process::find_program(service.programs, manifest_.root));
            if (!found) continue;
            auto& row = row_of("program of " + service.name);
            row.mark = dockerfile ? Mark::Warn : Mark::Fail;
            row.finding = found->finding;
            row.fix = dockerfile ? "deploy it with --builder docker" : found->fix;
        }
    }

    // A program of another commit goes into no image.
    Awaitable<void> programs(std::string revision) {
        const auto& build = manifest_.stack.build;
        for (const auto& service : manifest_.stack.services) {
            if (!service.image.empty() || !service.prints_commit) continue;
            auto program = process::find_program(service.programs, manifest_.root);
            if (program.empty()) continue;
            auto same = co_await images::check_commit(std::move(program), revision);
            if (same) continue;
            auto& row = row_of("program of " + service.name);
            row.mark = build.empty() ? Mark::Fail : Mark::Warn;
            row.finding = same.error().what;
            row.fix = build.empty() ? "build it from the commit that is checked out"
                                    : fmt::format("plan and deploy build it anew: {}", fmt::join(build, " "));
        }
    }

    Examined& row_of(const std::string& what) {
        const auto found =
            std::find_if(all_.begin(), all_.end(), [&](const Examined& one) { return one.what == what; });
        return found == all_.end() ? all_.emplace_back(Examined{what, Mark::Ok, "", ""}) : *found;
    }

    Awaitable<void> secrets() {
        if (secrets_file_.empty()) {
            add("secrets", Mark::Ok, "the environment names no secrets file");
            co_return;
        }
        const auto path = (std::filesystem::path(manifest_.root) / secrets_file_).string();
        auto source = secrets::source_of(path, environment_);
        const auto names = source->names();
        if (!names) {
            add("secrets file", Mark::Fail, names.error().what,
                std::filesystem::exists(path) ? secrets::how_to_edit(secrets_file_)
                                              : secrets::how_to_make(secrets_file_));
            co_return;
        }
        auto bundle = co_await source->read();
        if (!bundle) {
            add("secrets file", Mark::Fail, bundle.error().what,
                bundle.error().reason == secrets::Reason::NoTool
                    ? "install sops"
                    : "give sops its key: export SOPS_AGE_KEY_FILE=…");
            co_return;
        }
        add("secrets file", Mark::Ok, source->description() + " opens");
        const std::vector<std::string> own{"registry_user", "registry_password"};
        const auto assessed = secrets::assess(manifest_.stack, manifest_.environment, *bundle, own);
        for (const auto& finding : assessed.findings)
            add(finding.group.empty() ? "secret" : "secret of " + finding.group,
                finding.blocks ? Mark::Fail : Mark::Warn, finding.sentence,
                secrets::how_to_edit(secrets_file_));
        Secrets values;
        values.values.emplace();
        for (auto& [service, variables] :
             secrets::variables_of(*bundle, manifest_.stack, manifest_.environment))
            (*values.values)[service] = variables;
        spaces_keys_ = values.spaces_keys(manifest_.stack);
    }

    // --- Railway -----------------------------------------------------------------------------------------

    Awaitable<Done> outside() {
        co_await clock();
        const bool known = co_await token();
        if (known) co_await environment();
        if (reach_->session().dns) {
            const bool active = co_await cloudflare();
            if (active && known) co_await zones();
            if (active && !known) co_await zones_alone();
        }
        names();
        co_await registries();
        co_await bucket();
        co_return true;
    }

    Awaitable<void> clock() {
        const auto& at = reach_->addresses().railway;
        const auto url = http::parse_url(at.empty() ? railway::GraphqlOptions{}.endpoint : at);
        if (!url) co_return;
        http::Request request;
        request.method = "HEAD";
        request.target = url->target;
        auto answer = co_await reach_->client().send(url->origin, request);
        if (!answer) {
            add("Railway", Mark::Fail,
                fmt::format("{} does not answer: {}", url->origin.authority(), answer.error().message()),
                std::string(kNetwork));
            co_return;
        }
        const auto date = files::parse_http_date(answer->fields.get("date"));
        if (!date) co_return;
        const auto now = std::chrono::duration_cast<std::chrono::seconds>(
            std::chrono::system_clock::now().time_since_epoch());
        const auto skew = std::chrono::abs(now - std::chrono::seconds(*date));
        const auto mark = skew > kSkewFail ? Mark::Fail : skew > kSkewWarn ? Mark::Warn : Mark::Ok;
        add("clock", mark, fmt::format("{} s beside Railway's", skew.count()),
            mark == Mark::Ok
                ? ""
                : "set this machine's clock (timedatectl set-ntp true): signatures carry the time");
    }

    Awaitable<bool> token() {
        auto info = co_await reach_->session().api.probe_credential();
        if (!info && info.error().kind == remote::FailureKind::Unreachable) {
            add("Railway token", Mark::Fail, "not looked at: " + info.error().what, std::string(kNetwork));
            co_return false;
        }
        if (!info) {
            add("Railway token", Mark::Fail, info.error().what,
                "make one in Railway's settings (Tokens) and export it as RAILWAY_API_TOKEN");
            co_return false;
        }
        credential_ = *info;
        add("Railway token", info->misplaced ? Mark::Warn : Mark::Ok, info->sentence(), info->advice);
        co_return true;
    }

    Awaitable<void> environment() {
        const auto wanted = outline(manifest_);
        auto found =
            co_await railway::find_environment(reach_->session(), wanted.project, wanted.environment);
        if (!found) {
            add("project", Mark::Fail, found.error().what, "");
            co_return;
        }
        const bool may_create = credential_.kind != railway::CredentialInfo::Kind::Project;
        const auto missing = found->project.empty() ? fmt::format("there is no project {}", wanted.project)
                             : found->environment.empty()
                                 ? fmt::format("{} has no environment {}", wanted.project, wanted.environment)
                                 : std::string{};
        if (!missing.empty()) {
            add("project", may_create ? Mark::Ok : Mark::Fail,
                may_create ? missing + "; deploy makes it" : missing + " that this token reaches",
                may_create ? "" : "use an account's or workspace's token, which may make it");
            co_return;
        }
        auto state = co_await reach_->session().api.read_environment(found->project, found->environment);
        if (!state) {
            add("project", Mark::Fail, state.error().what, "");
            co_return;
        }
        add("project", Mark::Ok,
            fmt::format("{} / {}, {}", wanted.project, wanted.environment,
                        count(state->services.size(), "service")));
        if (state->unmerged_changes.value_or(0) > 0)
            add("dashboard", Mark::Warn,
                fmt::format("{} there {}", count(*state->unmerged_changes, "staged change"),
                            *state->unmerged_changes == 1 ? "waits" : "wait"),
                "apply or discard them in Railway's dashboard");
        for (const auto& service : state->services)
            for (const auto& domain : service.custom_domains) hosts_[service.name].insert(domain.domain);
    }

    // --- names -------------------------------------------------------------------------------------------

    Awaitable<bool> cloudflare() {
        auto token = co_await reach_->session().dns->verify_token();
        if (!token) {
            add("Cloudflare token", Mark::Fail, token.error().what,
                "make one at Cloudflare (My Profile, API Tokens): Zone Read, DNS Edit, Zone Settings Read");
            co_return false;
        }
        add("Cloudflare token", token->active() ? Mark::Ok : Mark::Fail,
            token->status + (token->expires_on.empty() ? "" : ", until " + token->expires_on),
            token->active() ? "" : "make a new one at Cloudflare (My Profile, API Tokens)");
        co_return token->active();
    }

    // Zones, their TLS mode and records in the way, as a plan would find them.
    Awaitable<void> zones() {
        const auto wanted = outline(manifest_);
        auto seen = co_await railway::read_live(reach_->session(), wanted);
        if (!seen) {
            add("zone", Mark::Fail, seen.error().what, "");
            co_return;
        }
        std::set<std::string> told;
        for (const auto& [host, zone] : seen->live.zones) {
            if (!zone.name.empty()) zone_of_[host] = zone.name;
            if (!told.insert(zone.name.empty() ? host : zone.name).second) continue;
            if (!zone.problem.empty()) {
                add("zone", Mark::Fail, fmt::format("{}: {}", host, zone.problem),
                    "add the zone to the account and let its name servers point to Cloudflare, or give the "
                    "token the right to read it");
                continue;
            }
            add("zone", Mark::Ok, zone.name + " is active");
            ssl(zone);
        }
        const auto plan = plan::diff(wanted, seen->live);
        std::size_t conflicts = 0;
        for (const auto& conflict : plan.conflicts) {
            // The zone and its TLS mode have their own lines.
            if (conflict.starts_with("zone ")) continue;
            if (std::any_of(seen->live.zones.begin(), seen->live.zones.end(), [&](const auto& zone) {
                    return conflict == zone.first + ": " + zone.second.problem;
                }))
                continue;
            ++conflicts;
            add("DNS records", Mark::Fail, conflict, "deploy overwrites nothing that is not its own");
        }
        if (conflicts == 0) add("DNS records", Mark::Ok, "nothing is in the way");
    }

    // Without Railway, which alone tells what the records should be.
    Awaitable<void> zones_alone() {
        std::set<std::string> told;
        for (const auto& service : manifest_.stack.services) {
            if (service.subdomain.empty()) continue;
            const auto host = stack::public_host(service.subdomain, manifest_.environment);
            auto zone = co_await reach_->session().dns->find_zone(host);
            if (zone) zone_of_[host] = zone->name;
            if (!told.insert(zone ? zone->name : zone.error().what).second) continue;
            const auto problem = zone ? zone->problem() : zone.error().what;
            add("zone", problem.empty() ? Mark::Ok : Mark::Fail,
                problem.empty() ? zone->name + " is active" : fmt::format("{}: {}", host, problem));
        }
        add("DNS records", Mark::Warn, "not looked at: Railway tells what they should be");
    }

    void ssl(const plan::LiveZone& zone) {
        const auto what = "TLS mode of " + zone.name;
        const std::string fix = "Cloudflare: SSL/TLS, Overview, Full";
        if (zone.ssl == "full")
            add(what, Mark::Ok, "Full");
        else if (zone.ssl.empty())
            add(what, Mark::Warn, "this token may not read it",
                "give the token Zone Settings Read, or see that it is Full: " + fix);
        else if (zone.ssl == "strict")
            add(what, Mark::Warn, "Full (strict) fails while Railway has no certificate for a name", fix);
        else
            add(what, Mark::Fail, fmt::format("{}: visitors are redirected without end", zone.ssl), fix);
    }

    void names() {
        for (const auto& service : manifest_.stack.services)
            if (!service.subdomain.empty())
                hosts_[service.name].insert(stack::public_host(service.subdomain, manifest_.environment));
        std::size_t most = 0, all = 0;
        std::string whose;
        for (const auto& [service, hosts] : hosts_) {
            all += hosts.size();
            if (hosts.size() > most) {
                most = hosts.size();
                whose = service;
            }
            for (const auto& host : hosts) nesting(host);
        }
        if (all == 0) return;
        const auto finding = fmt::format("{} in all, at most {} of a service ({})", all, most, whose);
        if (most > kProDomains)
            add("domains", Mark::Fail, finding, "Railway allows 20 of a service; let the proxy do the rest");
        else if (most > kHobbyDomains)
            add("domains", Mark::Warn, finding, "the Hobby plan allows 2 of a service, Pro 20");
        else
            add("domains", Mark::Ok, finding + (all > 1 ? "; a trial plan allows one in all" : ""));
    }

    // Cloudflare's free certificate is for the zone and one label below it.
    void nesting(const std::string& host) {
        const auto zone = zone_of_.find(host);
        if (zone == zone_of_.end() || host.size() <= zone->second.size()) return;
        const auto below = host.substr(0, host.size() - zone->second.size() - 1);
        if (below.find('.') == std::string::npos) return;
        add("certificate of " + host, Mark::Fail,
            fmt::format("it is more than one label below {}, where Cloudflare's free certificate ends",
                        zone->second),
            "choose a domain one level higher in stack.yaml, or order Advanced Certificate Manager");
    }

    // --- images and objects ------------------------------------------------------------------------------

    Awaitable<void> registries() {
        std::vector<std::string> images;
        for (const auto& service : manifest_.stack.services)
            if (service.image.empty())
                images.push_back(
                    fmt::format("{}/{}-{}", manifest_.stack.registry, manifest_.stack.project, service.name));
        if (images.empty()) co_return;
        auto config = images::read_docker_config();
        if (!config) {
            add("registry", Mark::Fail, config.error().what, "docker login writes it anew");
            co_return;
        }
        std::string host;
        for (const auto& name : images) {
            auto reference = images::parse_reference(reach_->addresses().registry_name(name));
            if (!reference) {
                add("registry", Mark::Fail, reference.error().what, "correct registry in stack.yaml");
                co_return;
            }
            host = reference->host;
            auto credentials = co_await images::find_credentials(*config, *reference);
            if (!credentials) {
                add("registry", Mark::Fail, credentials.error().what, fmt::format("docker login {}", host));
                co_return;
            }
            const bool anonymous = credentials->empty();
            images::Registry registry{reach_->client(), *reference, std::move(*credentials)};
            auto checked = co_await registry.check(reference->repository);
            if (!checked) {
                add("registry", Mark::Fail, checked.error().what,
                    anonymous ? fmt::format("docker login {}", host)
                              : fmt::format("docker login {} with an account that may push {}", host, name));
                co_return;
            }
            if (anonymous && !reach_->addresses().rehearsal()) {
                add("registry", Mark::Warn, fmt::format("no login for {} is kept here", host),
                    fmt::format("docker login {}, unless it lets anybody push", host));
                co_return;
            }
        }
        add("registry", Mark::Ok,
            fmt::format("{} takes the login for {} repositories; whether it may push shows when it does",
                        host, images.size()));
    }

    Awaitable<void> bucket() {
        if (!manifest_.environment.spaces) co_return;
        if (!reach_->session().bucket) {
            add("Spaces", Mark::Warn,
                "no keys: the secrets file has no SPACES_ACCESS_KEY_ID and _SECRET_ACCESS_KEY of a service",
                "make a key at DigitalOcean (Spaces, Access Keys) and put it into the secrets file");
            co_return;
        }
        auto state =
            co_await reach_->session().bucket->read(!manifest_.environment.spaces->cors_origins.empty());
        const auto& name = manifest_.environment.spaces->bucket;
        if (!state)
            add("Spaces", Mark::Fail, state.error().what,
                "see the key at DigitalOcean (Spaces, Access Keys): it needs read and write of this bucket");
        else
            add("Spaces", Mark::Ok,
                state->exists ? fmt::format("the keys open {}", name)
                              : fmt::format("the keys work; {} is not there yet, deploy makes it", name));
    }

    void add(std::string what, Mark mark, std::string finding, std::string fix = {}) {
        all_.push_back({std::move(what), mark, std::move(finding), std::move(fix)});
    }

    Context& context_;
    Manifest manifest_;
    const std::map<std::string, std::string> environment_ = process_environment();
    std::string secrets_file_;
    std::vector<Examined> all_;
    std::optional<SpacesKeys> spaces_keys_;
    std::unique_ptr<Reach> reach_;
    railway::CredentialInfo credential_;
    std::map<std::string, std::set<std::string>> hosts_;  // by service: declared and live
    std::map<std::string, std::string> zone_of_;
};

}  // namespace

int remote_doctor(Context& context, const Manifest& manifest) {
    Doctor doctor{context, manifest};
    return doctor.run();
}

}  // namespace seance::cli
