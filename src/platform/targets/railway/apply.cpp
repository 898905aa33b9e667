#include "platform/targets/railway/apply.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/rand.h>

#include <algorithm>

#include "core/base/hash.hpp"
#include "core/runtime/task_group.hpp"
#include "core/runtime/wait.hpp"
#include "platform/plan/bookkeeping.hpp"
#include "platform/targets/railway/configure.hpp"
#include "platform/targets/railway/lock.hpp"
#include "platform/targets/railway/release_keeper.hpp"
#include "platform/targets/railway/rollout.hpp"

namespace seance::railway {

namespace {

using plan::Action;
using plan::Change;
using plan::Event;
using plan::Kind;
using plan::Trouble;
using plan::trouble_of;
using MaybeTrouble = std::optional<Trouble>;

// Each phase needs one round; lost answers and a remote that is slow to show what was done need more.
constexpr int kMostRounds = 20;

// Which changes may be made at the same time.
enum class Phase { Things, Attachments, Configuration, Dns, Deployments, Removals };

Phase phase_of(const Change& change) {
    if (change.action == Action::Delete && change.kind != Kind::Variable) return Phase::Removals;
    switch (change.kind) {
        case Kind::Project:
        case Kind::Environment:
        case Kind::Service:
        case Kind::Bucket:
            return Phase::Things;
        case Kind::Volume:
        case Kind::BucketCors:
            return Phase::Attachments;
        case Kind::Image:
        case Kind::Setting:
        case Kind::Variable:
        case Kind::Domain:
            return Phase::Configuration;
        case Kind::DnsRecord:
            return Phase::Dns;
        case Kind::Deployment:
            break;
    }
    return Phase::Deployments;
}

Trouble refused(std::string what, std::string hint) {
    return {Trouble::Why::Refused, std::move(what), std::move(hint)};
}

class Applier {
  public:
    Applier(Session& session, plan::Wanted wanted, ApplyOptions options)
        : session_(session), wanted_(std::move(wanted)), options_(std::move(options)), keeper_(session.api) {}

    Awaitable<plan::Attempt<Applied>> run() {
        if (auto trouble = co_await find_foundations()) co_return *trouble;
        DeployLock::Options lock_options;
        lock_options.owner = options_.owner;
        lock_options.commit = wanted_.commit;
        lock_options.settle = options_.lock_settle;
        auto lock = co_await take_lock(lock_options);
        if (!lock) {
            auto trouble = trouble_of(lock.error(), "taking the deploy lock");
            if (lock.error().kind == remote::FailureKind::User) trouble.why = Trouble::Why::Refused;
            co_return trouble;
        }
        lock_ = *lock;
        session_.lock = lock_;
        keeper_.of(place_.project, place_.environment);
        auto trouble = co_await work();
        // One that is not known to have ended is gone on with by the same command.
        if (!trouble || trouble->why != Trouble::Why::Unknown) co_await close_release();
        co_await lock_->release();
        if (trouble) co_return *trouble;
        co_return std::move(applied_);
    }

  private:
    Awaitable<MaybeTrouble> work() {
        if (auto trouble = co_await ensure_key()) co_return trouble;
        for (int round = 0; round < kMostRounds; ++round) {
            auto seen = co_await read_live(session_, wanted_);
            if (!seen) co_return trouble_of(seen.error(), "reading what is live");
            seen_ = std::move(*seen);
            if (round == 0) {
                before_ = seen_;
                keeper_.look(seen_.state);
                if (options_.adapt) options_.adapt(wanted_, seen_.live);
            }
            auto plan = plan::diff(wanted_, seen_.live, options_.diff);
            if (!plan.conflicts.empty())
                co_return refused(fmt::format("{}", fmt::join(plan.conflicts, "\n")),
                                  "nothing more was changed");
            adopt_running(plan);
            if (plan.empty() && !options_.deploy) co_return std::nullopt;
            if (plan.empty()) co_return co_await finish();
            const auto phase = phase_of(*std::min_element(
                plan.changes.begin(), plan.changes.end(),
                [](const Change& a, const Change& b) { return phase_of(a) < phase_of(b); }));
            if (phase == Phase::Deployments && !options_.deploy) co_return std::nullopt;
            std::vector<std::string> ids;
            for (const auto& change : plan.changes)
                if (phase_of(change) == phase) ids.push_back(change.id());
            if (ids == last_ids_ && !answer_lost_)
                co_return Trouble{Trouble::Why::Failed,
                                  fmt::format("Railway took these changes but does not show them: {}",
                                              fmt::join(ids, ", ")),
                                  "run it again with -v; if it stays so, this is a fault of seance"};
            last_ids_ = ids;
            answer_lost_ = false;
            plan_ = std::move(plan);
            if (lock_->lost())
                co_return refused("somebody else took the deploy lock meanwhile",
                                  fmt::format("see who deploys with {} status; run again when they are done",
                                              options_.command));
            if (auto trouble = co_await carry_out(phase)) co_return trouble;
        }
        co_return Trouble{Trouble::Why::Unknown, "answers were lost again and again",
                          "run the same command again"};
    }

    // Somebody else's is waited for if that is wanted; Ctrl-C ends it.
    Awaitable<Reply<std::shared_ptr<DeployLock>>> take_lock(DeployLock::Options lock_options) {
        const auto started = Clock::now();
        for (bool told = false;; told = true) {
            auto lock =
                co_await DeployLock::take(session_.api, place_.project, place_.environment, lock_options);
            const bool held = !lock && lock.error().kind == remote::FailureKind::User;
            if (!held || Clock::now() - started >= options_.lock_patience) co_return lock;
            if (!told) options_.report({Event::Type::Warning, "lock", "waiting: " + lock.error().what});
            co_await sleep_for(options_.poll_interval);
        }
    }

    // --- foundations -------------------------------------------------------------------------------------

    Awaitable<MaybeTrouble> find_foundations() {
        for (int attempt = 0; attempt < 3; ++attempt) {
            auto found = co_await find_environment(session_, wanted_.project, wanted_.environment);
            if (!found) co_return trouble_of(found.error(), "looking for the project");
            place_.project = found->project;
            place_.environment = found->environment;
            if (!place_.environment.empty()) co_return std::nullopt;
            if (place_.project.empty()) {
                auto made = co_await make_project();
                if (!made && made.error().kind != remote::FailureKind::Unreachable)
                    co_return trouble_of(made.error(), "creating the project");
            } else {
                auto made = co_await make_environment();
                if (!made && made.error().kind != remote::FailureKind::Unreachable)
                    co_return trouble_of(made.error(), "creating the environment");
            }
        }
        co_return Trouble{Trouble::Why::Unknown, "the project was created, but Railway does not show it",
                          "run the same command again"};
    }

    Awaitable<Reply<void>> make_project() {
        const auto started = begin("environment/project", "create project " + wanted_.project);
        auto made =
            co_await session_.api.create_project(wanted_.project, session_.workspace, wanted_.environment);
        co_return ended("environment/project", started, made);
    }

    Awaitable<Reply<void>> make_environment() {
        const auto started = begin("environment/environment", "create environment " + wanted_.environment);
        auto made = co_await session_.api.create_environment(place_.project, wanted_.environment);
        co_return ended("environment/environment", started, made);
    }

    // What fingerprints are made with; no service ever gets it.
    Awaitable<MaybeTrouble> ensure_key() {
        auto shared = co_await session_.api.shared_variables(place_.project, place_.environment);
        if (!shared) co_return trouble_of(shared.error(), "reading shared variables");
        if (shared->contains(std::string(plan::kKeyVariable))) co_return std::nullopt;
        std::string bytes(32, '\0');
        if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1)
            co_return Trouble{Trouble::Why::Failed, "the system gave no random bytes", ""};
        Variables variables;
        variables[std::string(plan::kKeyVariable)] = SecretText(hex(bytes));
        auto written =
            co_await session_.api.upsert_shared_variables(place_.project, place_.environment, variables);
        if (!written) co_return trouble_of(written.error(), "writing the fingerprint key");
        co_return std::nullopt;
    }

    // From the first change on that leads to a deployment: its mark goes out with the variables.
    Awaitable<MaybeTrouble> open_release() {
        if (!options_.deploy || !keeper_.mark().empty() || plan_.deployments() == 0) co_return std::nullopt;
        int highest = 0;
        for (const auto& service : seen_.live.services)
            highest = std::max(
                highest,
                plan::ReleaseMark::parse(service.variable(std::string(plan::kReleaseVariable))).number);
        // Without a commit of its own it leaves what runs as it is, but for its variables.
        auto commit = wanted_.commit.empty() ? seen_.live.release().commit : wanted_.commit;
        auto opened = co_await keeper_.open(std::move(commit), options_.back_to, highest);
        if (!opened) co_return trouble_of(opened.error(), "numbering the release");
        co_return std::nullopt;
    }

    // A failure is made good by the next deployment, which looks before it replaces anything.
    Awaitable<void> close_release() {
        if (lock_->lost()) co_return;  // what somebody else writes by now is newer
        auto closed = co_await keeper_.close();
        if (!closed)
            options_.report({Event::Type::Warning, "release",
                             "how the deployments ended was not written down: " + closed.error().what});
    }

    // --- one phase ---------------------------------------------------------------------------------------

    Awaitable<MaybeTrouble> carry_out(Phase phase) {
        if (auto trouble = co_await open_release()) co_return trouble;
        if (phase == Phase::Deployments) co_return co_await roll_out();
        auto executor = co_await asio::this_coro::executor;
        TaskGroup tasks{executor};
        std::set<std::string> configured;
        for (const auto& change : plan_.changes) {
            if (phase_of(change) != phase) continue;
            if (phase == Phase::Dns || (change.kind == Kind::DnsRecord)) continue;  // together, below
            if (phase == Phase::Configuration && change.kind != Kind::Domain) {
                if (configured.insert(change.service).second) tasks.spawn(configure(change.service));
                continue;
            }
            tasks.spawn(make(change));
        }
        std::map<std::string, dns::Batch> batches;
        for (const auto& change : plan_.changes)
            if (change.kind == Kind::DnsRecord && phase_of(change) == phase && change.record)
                add_to(batches[change.zone_id], change);
        for (auto& [zone, batch] : batches) tasks.spawn(write_records(zone, std::move(batch)));
        co_await tasks.wait();
        if (trouble_) co_return trouble_;
        for (const auto& change : plan_.changes)
            if (phase_of(change) == phase) applied_.changes.push_back(change.id());
        co_return std::nullopt;
    }

    Awaitable<void> make(const Change& change) {
        const auto started = begin(change.id(), words_of(change));
        auto done = co_await do_make(change);
        if (!done && done.error().kind == remote::FailureKind::Unreachable) {
            // Whether it happened shows in the next round.
            answer_lost_ = true;
            options_.report({Event::Type::StepEnd, change.id(), "no answer; looking whether it happened",
                             true, ms_since(started)});
            co_return;
        }
        keep(change.id(), ended(change.id(), started, done));
    }

    Awaitable<Reply<void>> do_make(const Change& change) {
        const auto place = place_of(change.service);
        if (change.action == Action::Delete) {
            if (change.kind == Kind::Service)
                co_return co_await session_.api.delete_service(place.environment, place.service);
            co_return co_await session_.api.delete_custom_domain(domain_id(change));
        }
        if (change.kind == Kind::Service) {
            NewService made;
            made.name = change.service;
            auto reply =
                co_await session_.api.create_service(place_.project, place_.environment, std::move(made));
            if (!reply) co_return reply.error();
        } else if (change.kind == Kind::Volume && change.action == Action::Create) {
            auto region = wanted_.service(change.service)->settings.region;
            auto reply = co_await session_.api.create_volume(place, change.after, std::move(region));
            if (!reply) co_return reply.error();
        } else if (change.kind == Kind::Volume) {
            const VolumeId volume(seen_.live.service(change.service)->volume_id);
            co_return co_await session_.api.attach_volume(place.environment, place.service, volume,
                                                          change.after);
        } else if (change.kind == Kind::Bucket) {
            co_return co_await session_.bucket->create();
        } else if (change.kind == Kind::BucketCors) {
            co_return co_await session_.bucket->set_cors(wanted_.spaces->cors_origins);
        } else if (change.kind == Kind::Domain) {
            const auto port = port_of(change);
            if (change.action == Action::Update)
                co_return co_await session_.api.set_custom_domain_port(place.environment, domain_id(change),
                                                                       port);
            auto reply = co_await session_.api.ensure_custom_domain(place, change.item, port);
            if (!reply) co_return reply.error();
        }
        co_return Reply<void>{};
    }

    Awaitable<void> configure(std::string name) {
        const auto& wanted = *wanted_.service(name);
        const auto* live = seen_.live.service(name);
        const auto id = name + "/configuration";
        const auto started = begin(id, "configure " + name);
        const bool deployed = plan_.find(name + "/deployment") != nullptr;
        const auto mark = deployed ? keeper_.mark() : std::string{};
        auto done = co_await write_configuration(wanted, *live, plan_, mark);
        touched_.insert(name);
        keep(id, ended(id, started, done));
    }

    Awaitable<Reply<void>> write_configuration(const plan::WantedService& wanted,
                                               const plan::LiveService& live, const plan::Plan& plan,
                                               std::string release) {
        const auto place = place_of(wanted.name);
        auto changes = changes_of(wanted, live);
        if (changes.image && options_.registry_login) changes.registry_login = options_.registry_login;
        if (!changes.empty()) {
            auto done =
                co_await session_.api.update_service_instance(place.environment, place.service, changes);
            if (!done) co_return done;
        }
        if (const auto limits = limits_of(wanted, live); limits.vcpus || limits.memory_gb) {
            auto done = co_await session_.api.set_limits(place.environment, place.service, limits);
            if (!done) co_return done;
        }
        auto variables = variable_changes(wanted, live, plan, release);
        for (const auto& gone : variables.deletes) {
            auto done = co_await session_.api.delete_variable(place, gone);
            if (!done) co_return done;
        }
        if (variables.upserts.empty()) co_return Reply<void>{};
        co_return co_await session_.api.upsert_variables(place, std::move(variables.upserts),
                                                         variables.replace);
    }

    static void add_to(dns::Batch& batch, const Change& change) {
        if (change.action == Action::Delete)
            batch.deletes.push_back(change.record->id);
        else if (change.action == Action::Update)
            batch.updates.push_back(*change.record);
        else
            batch.creates.push_back(*change.record);
    }

    Awaitable<void> write_records(std::string zone, dns::Batch batch) {
        const auto id = "environment/dns";
        const auto started = begin(id, fmt::format("write {} DNS records in one batch", batch.size()));
        auto done = co_await session_.dns->apply(zone, std::move(batch));
        if (!done && done.error().kind == remote::FailureKind::Unreachable) {
            answer_lost_ = true;
            options_.report({Event::Type::StepEnd, id, "no answer; looking whether it happened", true,
                             ms_since(started)});
            co_return;
        }
        keep(id, ended(id, started, done));
    }

    // --- deployments -------------------------------------------------------------------------------------

    // One that an earlier run started with just this is watched, not started again.
    void adopt_running(const plan::Plan& plan) {
        running_.clear();
        for (const auto& service : wanted_.services) {
            if (!options_.diff.only_service.empty() && options_.diff.only_service != service.name) continue;
            const auto* live = seen_.live.service(service.name);
            if (live && live->deployment && live->deployment->in_progress &&
                !plan.find(service.name + "/deployment"))
                running_.push_back(service.name);
        }
    }

    Rollout::Item item_of(const plan::WantedService& service, const std::string& image) const {
        const auto* live = seen_.live.service(service.name);
        Rollout::Item item;
        item.service = service.name;
        item.id = ServiceId(live->id);
        item.image = image;
        item.needs = service.needs;
        item.health_timeout_seconds = service.settings.health_timeout_seconds;
        if (live->deployment) item.before = DeploymentId(live->deployment->id);
        return item;
    }

    Awaitable<MaybeTrouble> roll_out() {
        std::vector<Rollout::Item> items;
        for (const auto& change : plan_.changes) {
            if (change.kind != Kind::Deployment) continue;
            const auto& service = *wanted_.service(change.service);
            const auto* live = seen_.live.service(change.service);
            // What was configured without its bookkeeping by a run that ended in between.
            auto done = co_await write_configuration(service, *live, plan_, keeper_.mark());
            if (!done) co_return trouble_of(done.error(), "configuring " + service.name);
            touched_.insert(service.name);
            items.push_back(item_of(service, change.after));
        }
        for (const auto& name : running_) items.push_back(running_item(name));
        Rollout rollout{session_, place_.environment, options_};
        auto trouble = co_await rollout.run(std::move(items));
        if (options_.wait) keeper_.note(rollout);
        for (const auto& one : rollout.active()) applied_.deployments.push_back(one);
        for (const auto& change : plan_.changes)
            if (change.kind == Kind::Deployment) applied_.changes.push_back(change.id());
        if (trouble && trouble->why == Trouble::Why::Failed && options_.auto_rollback)
            co_return co_await give_back(*trouble, rollout);
        if (!trouble && !options_.wait) done_ = true;
        co_return trouble;
    }

    Rollout::Item running_item(const std::string& name) const {
        auto item = item_of(*wanted_.service(name), seen_.live.service(name)->image);
        item.running = item.before;
        return item;
    }

    // What this run has touched goes back to what it was, image, settings and variables; what does not run as
    // it did is deployed again. The old deployment of a service whose new one failed has never stopped,
    // unless it has a volume.
    Awaitable<MaybeTrouble> give_back(Trouble trouble, const Rollout& failed) {
        std::vector<Rollout::Item> again;
        std::vector<std::string> returned;
        auto now = co_await read_live(session_, wanted_);
        if (!now) {
            trouble.hint = "it was not brought back: " + now.error().what;
            co_return trouble;
        }
        seen_ = std::move(*now);
        // Part of the release that failed; what runs in the end is what ran before.
        auto given_back = plan::ReleaseMark::parse(keeper_.mark());
        given_back.commit = before_.live.release().commit;
        for (const auto& name : touched_) {
            const auto* old = before_.live.service(name);
            const auto* live = seen_.live.service(name);
            if (!old || !live || !old->deployment || !old->deployment->active || old->image.empty()) continue;
            const auto wanted = as_wanted(*old);
            plan::Plan back;
            for (const auto& [variable, value] : live->variables)
                if (!old->variables.contains(variable) && !plan::is_bookkeeping(variable))
                    back.changes.push_back({Action::Delete, Kind::Variable, name, variable, "", "", {}, ""});
            const bool runs_new = failed.became_active(name) || !old->volume.empty();
            const bool is_again = runs_new && live->deployment && live->deployment->id != old->deployment->id;
            const auto mark =
                is_again ? given_back.print() : old->variable(std::string(plan::kReleaseVariable));
            const auto id = name + "/return";
            const auto started = begin(id, "bring " + name + " back to " + short_image(old->image));
            auto done = co_await write_configuration(wanted, *live, back, mark);
            ended(id, started, done);
            if (!done) {
                trouble.hint = fmt::format("{} could not be brought back: {}", name, done.error().what);
                co_return trouble;
            }
            returned.push_back(name);
            if (is_again) again.push_back(item_of(*wanted_.service(name), old->image));
        }
        if (returned.empty()) co_return trouble;
        Rollout rollout{session_, place_.environment, options_};
        auto second = co_await rollout.run(std::move(again));
        if (options_.wait) keeper_.note(rollout);
        trouble.hint = second ? fmt::format("bringing the previous release back failed too: {}", second->what)
                              : fmt::format("brought back to what ran before: {}. {}",
                                            fmt::join(returned, ", "), trouble.hint);
        co_return trouble;
    }

    static std::string short_image(const std::string& image) { return image.substr(0, image.find('@')); }

    // --- the end -----------------------------------------------------------------------------------------

    Awaitable<MaybeTrouble> finish() {
        if (!running_.empty() && !done_) {
            std::vector<Rollout::Item> items;
            for (const auto& name : running_) items.push_back(running_item(name));
            Rollout rollout{session_, place_.environment, options_};
            if (options_.wait)
                if (auto trouble = co_await rollout.run(std::move(items))) co_return trouble;
            if (options_.wait) keeper_.note(rollout);
            for (const auto& one : rollout.active()) applied_.deployments.push_back(one);
        }
        if (options_.wait && wanted_.dns) co_return co_await wait_for_domains();
        co_return std::nullopt;
    }

    Awaitable<MaybeTrouble> wait_for_domains() {
        const auto started = Clock::now();
        std::map<std::string, std::string> open = open_domains();
        if (open.empty()) co_return std::nullopt;
        const std::string id = "environment/domains";
        begin(id, fmt::format("wait until Railway has verified {} domain{}", open.size(),
                              open.size() == 1 ? "" : "s"));
        std::string told;
        while (!open.empty()) {
            if (Clock::now() - started > options_.domain_patience) {
                options_.report({Event::Type::StepEnd, id, "not verified yet", false, ms_since(started)});
                std::string what = "these domains are not verified yet:";
                for (const auto& [host, problem] : open) what += fmt::format("\n  {}: {}", host, problem);
                co_return Trouble{
                    Trouble::Why::Failed, what,
                    fmt::format("the services run; DNS may take longer: {} domains shows how it stands",
                                options_.command)};
            }
            if (auto line = fmt::format("{} to go: {}", open.size(), open.begin()->first); line != told) {
                told = line;
                options_.report({Event::Type::StepProgress, id, line});
            }
            co_await sleep_for(options_.poll_interval);
            auto seen = co_await read_live(session_, wanted_);
            if (!seen) continue;
            seen_ = std::move(*seen);
            open = open_domains();
        }
        options_.report({Event::Type::StepEnd, id, "verified", true, ms_since(started)});
        co_return std::nullopt;
    }

    std::map<std::string, std::string> open_domains() const {
        std::map<std::string, std::string> open;
        for (const auto& service : wanted_.services) {
            if (!options_.diff.only_service.empty() && options_.diff.only_service != service.name) continue;
            const auto* live = seen_.live.service(service.name);
            if (!live) continue;
            for (const auto& domain : live->domains)
                if (!domain.verified) open[domain.host] = domain.problem;
        }
        return open;
    }

    // --- small things ------------------------------------------------------------------------------------

    Place place_of(const std::string& service) const {
        Place place = place_;
        if (const auto* live = seen_.live.service(service)) place.service = ServiceId(live->id);
        return place;
    }

    int port_of(const Change& change) const {
        for (const auto& domain : wanted_.service(change.service)->domains)
            if (domain.host == change.item) return domain.port;
        return 0;
    }

    CustomDomainId domain_id(const Change& change) const {
        if (const auto* live = seen_.live.service(change.service))
            for (const auto& domain : live->domains)
                if (domain.host == change.item) return CustomDomainId(domain.id);
        return {};
    }

    static std::string words_of(const Change& change) {
        return fmt::format("{} {} {}{}{}", name(change.action), name(change.kind),
                           change.service.empty() ? change.item : change.service,
                           change.service.empty() || change.item.empty() ? "" : " ",
                           change.service.empty() ? "" : change.item);
    }

    Instant begin(std::string id, std::string text) {
        options_.report({Event::Type::StepStart, std::move(id), std::move(text)});
        return Clock::now();
    }
    static double ms_since(Instant started) {
        return std::chrono::duration<double, std::milli>(Clock::now() - started).count();
    }
    template <class T>
    Reply<void> ended(const std::string& id, Instant started, const Reply<T>& reply) {
        options_.report({Event::Type::StepEnd, id, reply ? "done" : reply.error().what, reply.has_value(),
                         ms_since(started)});
        if (!reply) return reply.error();
        return {};
    }
    void keep(const std::string& id, const Reply<void>& reply) {
        if (!reply && !trouble_) trouble_ = trouble_of(reply.error(), id);
    }

    Session& session_;
    plan::Wanted wanted_;
    ApplyOptions options_;
    Place place_;
    std::shared_ptr<DeployLock> lock_;
    ReleaseKeeper keeper_;
    Seen before_, seen_;
    plan::Plan plan_;
    std::vector<std::string> last_ids_, running_;
    std::set<std::string> touched_;
    bool answer_lost_ = false, done_ = false;
    MaybeTrouble trouble_;
    Applied applied_;
};

}  // namespace

Awaitable<plan::Attempt<Applied>> apply(Session& session, plan::Wanted wanted, ApplyOptions options) {
    Applier applier{session, std::move(wanted), std::move(options)};
    co_return co_await applier.run();
}

}  // namespace seance::railway
