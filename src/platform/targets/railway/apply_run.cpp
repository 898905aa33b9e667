#include "platform/targets/railway/apply_run.hpp"

#include "platform/targets/railway/configure.hpp"

namespace seance::railway {

using plan::Event;

Place ApplyRun::place_of(const std::string& service) const {
    Place found = place;
    if (const auto* live = seen.live.service(service)) found.service = ServiceId(live->id);
    return found;
}

Rollout::Item ApplyRun::item_of(const plan::WantedService& service, const std::string& image) const {
    const auto* live = seen.live.service(service.name);
    Rollout::Item item;
    item.service = service.name;
    item.id = ServiceId(live->id);
    item.image = image;
    item.needs = service.needs;
    item.health_timeout_seconds = service.settings.health_timeout_seconds;
    if (live->deployment) item.before = DeploymentId(live->deployment->id);
    return item;
}

Instant ApplyRun::begin(std::string id, std::string text) const {
    options.report({Event::Type::StepStart, std::move(id), std::move(text)});
    return Clock::now();
}

Reply<void> ApplyRun::ended(const std::string& id, Instant started, const Reply<void>& reply) const {
    options.report({Event::Type::StepEnd, id, reply ? "done" : reply.error().what, reply.has_value(),
                    ms_since(started)});
    return reply;
}

Awaitable<Reply<void>> ApplyRun::write_configuration(const plan::WantedService& service,
                                                     const plan::LiveService& live, const plan::Plan& changes,
                                                     std::string release) {
    const auto where = place_of(service.name);
    auto instance = changes_of(service, live);
    if (instance.image && options.registry_login) instance.registry_login = options.registry_login;
    if (!instance.empty()) {
        auto done = co_await session.api.update_service_instance(where.environment, where.service, instance);
        if (!done) co_return done;
    }
    if (const auto limits = limits_of(service, live); limits.vcpus || limits.memory_gb) {
        auto done = co_await session.api.set_limits(where.environment, where.service, limits);
        if (!done) co_return done;
    }
    auto variables = variable_changes(service, live, changes, release);
    for (const auto& gone : variables.deletes) {
        auto done = co_await session.api.delete_variable(where, gone);
        if (!done) co_return done;
    }
    if (variables.upserts.empty()) co_return Reply<void>{};
    co_return co_await session.api.upsert_variables(where, std::move(variables.upserts), variables.replace);
}

}  // namespace seance::railway
