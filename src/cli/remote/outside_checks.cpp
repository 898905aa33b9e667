#include "cli/remote/outside_checks.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "cli/commands/checks.hpp"
#include "cli/remote/certificate.hpp"
#include "cli/remote/run_on.hpp"
#include "cli/remote/unverified_names.hpp"
#include "cli/terminal/table.hpp"
#include "core/base/count.hpp"
#include "core/base/elapsed.hpp"
#include "core/runtime/task_group.hpp"
#include "core/runtime/wait.hpp"
#include "platform/plan/bookkeeping.hpp"

namespace seance::cli {

namespace {

constexpr Duration kCheckLimit = std::chrono::seconds(10);
// A name that was made a moment ago may take this long to be known everywhere.
constexpr Duration kPatience = std::chrono::minutes(5), kPause = std::chrono::seconds(5);

struct Job {
    const stack::Service* service = nullptr;
    const stack::Check* check = nullptr;  // null: its health, or
    std::string certificate_of;           // the certificate of this name
    CheckResult result = {};
};

Awaitable<void> run_job(const Outside& outside, Job& job, std::string commit) {
    if (!job.certificate_of.empty()) {
        job.result = co_await check_certificate(outside, job.service->name, job.certificate_of);
        co_return;
    }
    job.result = co_await run_check(outside, *job.service, job.check);
    if (job.check || !job.result.good || commit.empty()) co_return;
    // The commit that answers is the one that was deployed.
    if (job.result.commit == commit) {
        job.result.detail += ", commit " + commit;
        co_return;
    }
    job.result.good = false;
    job.result.detail =
        job.result.commit.empty()
            ? fmt::format("healthy, but it does not say which commit it is (wanted {})", commit)
            : fmt::format("healthy, but it is commit {}, not {}", job.result.commit, commit);
}

Awaitable<bool> run_jobs(const Outside& outside, std::vector<Job>& jobs,
                         const std::map<std::string, std::string>& commits) {
    TaskGroup tasks{outside.loop.executor()};
    for (auto& job : jobs) {
        if (job.result.good || job.result.skipped) continue;
        const auto commit = commits.find(job.service->name);
        tasks.spawn(run_job(outside, job, commit == commits.end() ? std::string{} : commit->second));
    }
    co_await tasks.wait();
    bool good = true;
    for (const auto& job : jobs) good = good && (job.result.good || job.result.skipped);
    co_return good;
}

Awaitable<bool> run_until_good(const Outside& outside, std::vector<Job>& jobs,
                               std::map<std::string, std::string> commits, Duration patience,
                               Duration pause) {
    const auto until = Clock::now() + patience;
    while (!co_await run_jobs(outside, jobs, commits)) {
        if (Clock::now() + pause > until) co_return false;
        co_await sleep_for(pause);
    }
    co_return true;
}

bool needs_a_secret(const stack::Check& check) {
    for (const auto& [key, text] : check.settings)
        if (text.find("${secret") != std::string::npos) return true;
    return false;
}

std::vector<Job> jobs_of(const Manifest& manifest, const OutsideOptions& options) {
    std::vector<Job> jobs;
    for (const auto& service : manifest.stack.services) {
        if (service.subdomain.empty()) continue;
        if (!options.only_service.empty() && options.only_service != service.name) continue;
        jobs.push_back({&service, nullptr, "", {}});
        if (options.certificates)
            jobs.push_back(
                {&service, nullptr, stack::public_host(service.subdomain, manifest.environment), {}});
        if (!options.declared) continue;
        for (const auto& check : service.verify) {
            jobs.push_back({&service, &check, "", {}});
            if (options.locked_because.empty() || !needs_a_secret(check)) continue;
            auto& result = jobs.back().result;
            result.service = service.name;
            result.check = name_of(check);
            result.skipped = true;
            result.detail = "it needs a secret: " + options.locked_because;
        }
    }
    return jobs;
}

}  // namespace

std::string owner() {
    char host[256] = "";
    ::gethostname(host, sizeof host - 1);
    const auto* user = ::getpwuid(::geteuid());
    return fmt::format("{}@{}, process {}", user ? user->pw_name : "somebody", host, ::getpid());
}

std::optional<railway::RegistryLogin> registry_login(const Secrets& secrets) {
    if (!secrets.values) return std::nullopt;
    const auto own = secrets.values->find("seance");
    if (own == secrets.values->end()) return std::nullopt;
    const auto user = own->second.find("registry_user"), password = own->second.find("registry_password");
    if (user == own->second.end() || password == own->second.end()) return std::nullopt;
    return railway::RegistryLogin{user->second.reveal(), password->second};
}

void hurry(railway::ApplyOptions& options, const Addresses& addresses) {
    if (!addresses.rehearsal()) return;
    options.poll_interval = std::chrono::milliseconds(200);
    options.lock_settle = std::chrono::milliseconds(20);
    options.domain_patience = std::chrono::minutes(1);
}

Outside outside_of(Reach& reach, const Manifest& manifest, const Secrets& secrets) {
    plan::Ingredients ingredients;
    ingredients.secrets = secrets.values;
    put_over(ingredients, reach.addresses());
    Outside outside{reach.loop(),
                    reach.client(),
                    "",
                    0,
                    plan::outside_values(manifest.stack, manifest.environment, ingredients),
                    kCheckLimit,
                    reach.addresses().ca_file};
    if (const auto& edge = reach.addresses().edge; !edge.empty()) {
        const auto colon = edge.rfind(':');
        outside.edge_host = edge.substr(0, colon);
        outside.edge_port = static_cast<std::uint16_t>(std::strtoul(edge.c_str() + colon + 1, nullptr, 10));
    }
    return outside;
}

void be_patient(OutsideOptions& options, const Addresses& addresses) {
    options.patience = addresses.rehearsal() ? std::chrono::seconds(20) : kPatience;
    options.pause = addresses.rehearsal() ? std::chrono::milliseconds(300) : kPause;
}

std::vector<CheckResult> check_outside(Reach& reach, const Manifest& manifest, const Secrets& secrets,
                                       const OutsideOptions& options) {
    const auto outside = outside_of(reach, manifest, secrets);
    auto jobs = jobs_of(manifest, options);
    run_on(reach.loop(), run_until_good(outside, jobs, options.commits, options.patience, options.pause));
    std::vector<CheckResult> results;
    results.reserve(jobs.size());
    for (auto& job : jobs) results.push_back(std::move(job.result));
    return results;
}

Verified verify_outside(Context& context, Reach& reach, const Manifest& manifest, const Secrets& secrets,
                        OutsideOptions options, const plan::Report& report) {
    const auto begun = Clock::now();
    be_patient(options, reach.addresses());
    const auto number = jobs_of(manifest, options).size();
    report({plan::Event::Type::StepStart, "verify",
            fmt::format("verify: {} from outside", count(number, "check"))});
    auto results = check_outside(reach, manifest, secrets, options);
    const double ms = ms_since(begun);
    std::size_t passed = 0, ran = 0;
    for (const auto& result : results) {
        passed += result.good ? 1 : 0;
        ran += result.skipped ? 0 : 1;
    }
    report({plan::Event::Type::StepEnd, "verify", fmt::format("{} of {} passed", passed, ran), passed == ran,
            ms});
    Verified verified;
    if (passed != ran)
        verified.only_names = blame_names(results, unverified_names(reach, manifest), context.command());
    verified.exit_code = tell_checks(context, results, ms);
    return verified;
}

Verified verify_outside(Context& context, Prepared& prepared, const plan::Report& report) {
    OutsideOptions options;
    for (const auto& service : prepared.manifest.stack.services)
        if (const auto* wanted = prepared.wanted.service(service.name); wanted && service.prints_commit)
            options.commits[service.name] = wanted->commit;
    return verify_outside(context, *prepared.reach, prepared.manifest, prepared.secrets, std::move(options),
                          report);
}

}  // namespace seance::cli
