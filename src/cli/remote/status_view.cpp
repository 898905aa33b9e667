#include "cli/remote/status_view.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>

#include "cli/remote/outline.hpp"
#include "cli/terminal/table.hpp"
#include "platform/plan/bookkeeping.hpp"
#include "platform/releases/history.hpp"
#include "platform/remote/timestamp.hpp"
#include "platform/targets/local/status.hpp"
#include "platform/targets/railway/deployment_state.hpp"

namespace seance::cli {

namespace {

using railway::Deployment;
using railway::DeploymentStatus;

void note(RemoteService& service, std::string_view sentence) {
    if (!service.detail.empty()) service.detail += "; ";
    service.detail += sentence;
}

void set_state(RemoteService& made, const railway::ServiceInstance& instance, const Deployment* running,
               std::int64_t now) {
    const auto* latest = instance.latest ? &*instance.latest : nullptr;
    const bool another = latest && (!running || latest->id != running->id);
    const auto last = latest ? railway::standing(*latest) : railway::Standing{};
    if (running) {
        made.state = running->status == DeploymentStatus::Sleeping ? "sleeping" : "active";
        made.image = running->image;
        made.deployment = running->id.text();
        made.deployed = releases::commit_of_image(running->image);
        if (const auto began = remote::parse_timestamp(running->created_at))
            made.age_seconds = static_cast<double>(
                now - std::chrono::duration_cast<std::chrono::seconds>(began->time_since_epoch()).count());
        if (another && last.outcome == railway::DeploymentOutcome::Failed)
            note(made, fmt::format("the last deployment is {}; the one before goes on", latest->status_text));
    } else if (!latest)
        made.state = "not deployed";
    else if (latest->stopped)
        made.state = "stopped";
    else
        made.state = latest->status == DeploymentStatus::Crashed ? "crashed" : "failed";
    if (another && !last.terminal) {
        made.state = running ? "active" : "deploying";
        note(made, fmt::format("a deployment is {}", latest->status_text));
    }
    if (!running && made.detail.empty())
        made.detail =
            latest ? fmt::format("the last deployment is {}", latest->status_text) : "it was never deployed";
}

void set_health(RemoteService& made, const CheckResult& seen, bool prints_commit) {
    made.healthy = seen.good;
    made.health = seen.detail;
    made.health_ms = seen.ms;
    made.answered = seen.commit;
    if (!seen.good) return note(made, "not healthy: " + seen.detail);
    if (!made.deployed.empty() && !made.answered.empty() && !same_commit(made.deployed, made.answered))
        note(made, fmt::format("{} answers, but Railway says that it runs {}", made.answered, made.deployed));
    else if (prints_commit && !made.deployed.empty() && made.answered.empty())
        note(made, "it does not say which commit it is");
}

}  // namespace

bool RemoteStatus::ready() const {
    return !services.empty() &&
           std::all_of(services.begin(), services.end(), [](const RemoteService& one) { return one.well(); });
}

RemoteStatus remote_status(const plan::Wanted& outline, const railway::Seen& seen,
                           const std::map<std::string, CheckResult>& health, std::int64_t now) {
    RemoteStatus made;
    made.project = outline.project;
    made.environment = outline.environment;
    if (const auto lock = seen.state.shared_variables.find(std::string(plan::kLockVariable));
        lock != seen.state.shared_variables.end())
        made.deploying = railway::LockHolder::parse(lock->second.reveal());
    made.commit = seen.live.release().commit;
    made.lock_is_stale = made.deploying && made.deploying->is_stale(now);
    for (const auto& wanted : outline.services) {
        RemoteService one;
        one.name = wanted.name;
        if (!wanted.domains.empty()) one.url = "https://" + wanted.domains.front().host;
        const auto instance = std::find_if(seen.state.services.begin(), seen.state.services.end(),
                                           [&](const auto& each) { return each.name == wanted.name; });
        const auto* live = seen.live.service(wanted.name);
        if (instance == seen.state.services.end() || !live) {
            one.state = "not deployed";
            one.detail =
                fmt::format("Railway does not know it; seance -e {} deploy makes it", outline.environment);
            made.services.push_back(std::move(one));
            continue;
        }
        const auto* running = railway::running_deployment(*instance);
        set_state(one, *instance, running, now);
        one.replicas = live->settings.replicas;
        one.volume = live->volume;
        one.domains = live->domains;
        const auto own = live->variable(std::string(plan::kCommitVariable));
        if (const auto asked = health.find(wanted.name); asked != health.end())
            set_health(one, asked->second, !own.empty());
        if (running && live->image != running->image)
            note(one, fmt::format("{} is configured, but not deployed",
                                  live->image.substr(0, live->image.find('@'))));
        for (const auto& domain : one.domains)
            if (!domain.verified)
                note(one, fmt::format("{} is not verified: {}", domain.host, domain.problem));
        made.services.push_back(std::move(one));
    }
    return made;
}

std::string to_json(const RemoteStatus& status) {
    namespace json = boost::json;
    json::array services;
    for (const auto& s : status.services) {
        json::array domains;
        for (const auto& one : s.domains)
            domains.push_back(
                json::object{{"host", one.host}, {"verified", one.verified}, {"problem", one.problem}});
        json::object made{{"name", s.name},
                          {"state", s.state},
                          {"ok", s.well()},
                          {"detail", s.detail},
                          {"url", s.url},
                          {"commit", s.answered.empty() ? s.deployed : s.answered},
                          {"commit_deployed", s.deployed},
                          {"commit_answered", s.answered},
                          {"image", s.image},
                          {"deployment", s.deployment},
                          {"healthy", nullptr},
                          {"health", s.health},
                          {"health_ms", s.health_ms},
                          {"replicas", s.replicas},
                          {"uptime_seconds", s.age_seconds.value_or(0)},
                          {"domains", std::move(domains)},
                          {"volume", s.volume}};
        if (s.healthy) made["healthy"] = *s.healthy;
        services.push_back(std::move(made));
    }
    json::object made{{"schema", "seance.status/1"},
                      {"project", status.project},
                      {"environment", status.environment},
                      {"commit", status.commit},
                      {"running", true},
                      {"ready", status.ready()},
                      {"deploying", nullptr},
                      {"services", std::move(services)}};
    if (status.deploying)
        made["deploying"] = json::object{{"owner", status.deploying->owner},
                                         {"commit", status.deploying->commit},
                                         {"since", status.deploying->since},
                                         {"heartbeat", status.deploying->heartbeat},
                                         {"stale", status.lock_is_stale}};
    return json::serialize(made);
}

std::string print_status(const RemoteStatus& status, const Style& style) {
    Table table({"SERVICE", "STATE", "COMMIT", "HEALTH", "REPLICAS", "AGE", "DOMAIN", "VOLUME"});
    for (const auto& s : status.services) {
        std::vector<std::string> domains;
        for (const auto& one : s.domains) domains.push_back((one.verified ? "✔ " : "✘ ") + one.host);
        table.add({s.name, (s.well() ? "● " : "○ ") + s.state,
                   s.answered.empty() ? (s.deployed.empty() ? "-" : s.deployed) : s.answered.substr(0, 7),
                   !s.healthy   ? "-"
                   : *s.healthy ? fmt::format("ok, {:.0f} ms", s.health_ms)
                                : "bad",
                   std::to_string(s.replicas), s.age_seconds ? local::print_uptime(*s.age_seconds) : "-",
                   domains.empty() ? "-" : fmt::format("{}", fmt::join(domains, " ")),
                   s.volume.empty() ? "-" : s.volume},
                  1,
                  s.well()                                        ? &Style::green
                  : s.state == "active" || s.state == "deploying" ? &Style::yellow
                                                                  : &Style::red);
    }
    auto out = fmt::format("{} · {}{}\n\n{}", style.bold(status.project), status.environment,
                           status.commit.empty() ? "" : " · " + status.commit, table.print(style));
    for (const auto& s : status.services)
        if (!s.detail.empty()) out += fmt::format("{}: {}\n", s.name, s.detail);
    if (status.deploying)
        out += fmt::format("\n{} {} {}{}\n", style.yellow("!"), status.deploying->owner,
                           status.lock_is_stale ? "was deploying and is gone; the next deployment takes over"
                                                : "is deploying",
                           status.deploying->commit.empty() ? "" : ": " + status.deploying->commit);
    return out;
}

}  // namespace seance::cli
