#include "platform/targets/railway/changes.hpp"

#include <fmt/format.h>

#include <map>

#include "core/runtime/task_group.hpp"

namespace seance::railway {

using plan::Action;
using plan::Change;
using plan::Event;
using plan::Kind;
using plan::trouble_of;

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

namespace {

std::string words_of(const Change& change) {
    return fmt::format("{} {} {}{}{}", name(change.action), name(change.kind),
                       change.service.empty() ? change.item : change.service,
                       change.service.empty() || change.item.empty() ? "" : " ",
                       change.service.empty() ? "" : change.item);
}

void add_to(dns::Batch& batch, const Change& change) {
    if (change.action == Action::Delete)
        batch.deletes.push_back(change.record->id);
    else if (change.action == Action::Update)
        batch.updates.push_back(*change.record);
    else
        batch.creates.push_back(*change.record);
}

class Changes {
  public:
    explicit Changes(ApplyRun& run) : run_(run) {}

    Awaitable<MaybeTrouble> make_all(Phase phase) {
        auto executor = co_await asio::this_coro::executor;
        TaskGroup tasks{executor};
        std::set<std::string> configured;
        std::map<std::string, dns::Batch> batches;
        for (const auto& change : run_.plan.changes) {
            if (phase_of(change) != phase) continue;
            if (change.kind == Kind::DnsRecord) {
                if (change.record) add_to(batches[change.zone_id], change);
            } else if (phase == Phase::Configuration && change.kind != Kind::Domain) {
                if (configured.insert(change.service).second) tasks.spawn(configure(change.service));
            } else {
                tasks.spawn(make(change));
            }
        }
        for (auto& [zone, batch] : batches) tasks.spawn(write_records(zone, std::move(batch)));
        co_await tasks.wait();
        if (trouble_) co_return trouble_;
        for (const auto& change : run_.plan.changes)
            if (phase_of(change) == phase) run_.applied.changes.push_back(change.id());
        co_return std::nullopt;
    }

  private:
    Awaitable<void> make(const Change& change) {
        const auto started = run_.begin(change.id(), words_of(change));
        auto done = co_await call(change);
        settle(change.id(), started, done);
    }

    Awaitable<Reply<void>> call(const Change& change) {
        auto& api = run_.session.api;
        const auto place = run_.place_of(change.service);
        if (change.action == Action::Delete) {
            if (change.kind == Kind::Service)
                co_return co_await api.delete_service(place.environment, place.service);
            co_return co_await api.delete_custom_domain(domain_id(change));
        }
        if (change.kind == Kind::Service) {
            NewService made;
            made.name = change.service;
            auto reply =
                co_await api.create_service(run_.place.project, run_.place.environment, std::move(made));
            if (!reply) co_return reply.error();
        } else if (change.kind == Kind::Volume && change.action == Action::Create) {
            auto region = run_.wanted.service(change.service)->settings.region;
            auto reply = co_await api.create_volume(place, change.after, std::move(region));
            if (!reply) co_return reply.error();
        } else if (change.kind == Kind::Volume) {
            const VolumeId volume(run_.seen.live.service(change.service)->volume_id);
            co_return co_await api.attach_volume(place.environment, place.service, volume, change.after);
        } else if (change.kind == Kind::Bucket) {
            co_return co_await run_.session.bucket->create();
        } else if (change.kind == Kind::BucketCors) {
            co_return co_await run_.session.bucket->set_cors(run_.wanted.spaces->cors_origins);
        } else if (change.kind == Kind::Domain) {
            const auto port = port_of(change);
            if (change.action == Action::Update)
                co_return co_await api.set_custom_domain_port(place.environment, domain_id(change), port);
            auto reply = co_await api.ensure_custom_domain(place, change.item, port);
            if (!reply) co_return reply.error();
        }
        co_return Reply<void>{};
    }

    Awaitable<void> configure(std::string name) {
        const auto id = name + "/configuration";
        const auto started = run_.begin(id, "configure " + name);
        const bool deployed = run_.plan.find(name + "/deployment") != nullptr;
        // Locals: g++ 12 frees temporaries of such a call twice.
        const auto mark = deployed ? run_.keeper.mark() : std::string{};
        const auto& wanted = *run_.wanted.service(name);
        const auto& live = *run_.seen.live.service(name);
        auto done = co_await run_.write_configuration(wanted, live, run_.plan, mark);
        run_.touched.insert(name);
        keep(id, run_.ended(id, started, done));
    }

    Awaitable<void> write_records(std::string zone, dns::Batch batch) {
        const auto id = "environment/dns";
        const auto started = run_.begin(id, fmt::format("write {} DNS records in one batch", batch.size()));
        auto done = co_await run_.session.dns->apply(zone, std::move(batch));
        settle(id, started, done);
    }

    // Of what makes a new thing: whether it happened shows in the next round.
    void settle(const std::string& id, Instant started, const Reply<void>& done) {
        if (done || done.error().kind != remote::FailureKind::Unreachable)
            return keep(id, run_.ended(id, started, done));
        run_.answer_lost = true;
        run_.options.report(
            {Event::Type::StepEnd, id, "no answer; looking whether it happened", true, ms_since(started)});
    }

    void keep(const std::string& id, const Reply<void>& reply) {
        if (!reply && !trouble_) trouble_ = trouble_of(reply.error(), id);
    }

    int port_of(const Change& change) const {
        for (const auto& domain : run_.wanted.service(change.service)->domains)
            if (domain.host == change.item) return domain.port;
        return 0;
    }

    CustomDomainId domain_id(const Change& change) const {
        if (const auto* live = run_.seen.live.service(change.service))
            for (const auto& domain : live->domains)
                if (domain.host == change.item) return CustomDomainId(domain.id);
        return {};
    }

    ApplyRun& run_;
    MaybeTrouble trouble_;
};

}  // namespace

Awaitable<MaybeTrouble> make_changes(ApplyRun& run, Phase phase) {
    Changes changes{run};
    co_return co_await changes.make_all(phase);
}

}  // namespace seance::railway
