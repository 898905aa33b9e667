#include "platform/targets/railway/foundations.hpp"

#include <openssl/rand.h>

#include "core/base/hash.hpp"
#include "platform/plan/bookkeeping.hpp"

namespace seance::railway {

using plan::Trouble;
using plan::trouble_of;

namespace {

Reply<void> without_value(const auto& reply) {
    if (!reply) return reply.error();
    return {};
}

Awaitable<Reply<void>> make_project(ApplyRun& run) {
    const auto started = run.begin("environment/project", "create project " + run.wanted.project);
    auto made = co_await run.session.api.create_project(run.wanted.project, run.session.workspace,
                                                        run.wanted.environment);
    co_return run.ended("environment/project", started, without_value(made));
}

Awaitable<Reply<void>> make_environment(ApplyRun& run) {
    const auto started = run.begin("environment/environment", "create environment " + run.wanted.environment);
    auto made = co_await run.session.api.create_environment(run.place.project, run.wanted.environment);
    co_return run.ended("environment/environment", started, without_value(made));
}

}  // namespace

Awaitable<MaybeTrouble> find_foundations(ApplyRun& run) {
    for (int attempt = 0; attempt < 3; ++attempt) {
        auto found = co_await find_environment(run.session, run.wanted.project, run.wanted.environment);
        if (!found) co_return trouble_of(found.error(), "looking for the project");
        run.place.project = found->project;
        run.place.environment = found->environment;
        if (!run.place.environment.empty()) co_return std::nullopt;
        if (run.place.project.empty()) {
            auto made = co_await make_project(run);
            if (!made && made.error().kind != remote::FailureKind::Unreachable)
                co_return trouble_of(made.error(), "creating the project");
        } else {
            auto made = co_await make_environment(run);
            if (!made && made.error().kind != remote::FailureKind::Unreachable)
                co_return trouble_of(made.error(), "creating the environment");
        }
    }
    co_return Trouble{Trouble::Why::Unknown, "the project was created, but Railway does not show it",
                      "run the same command again"};
}

Awaitable<MaybeTrouble> ensure_key(ApplyRun& run) {
    const auto& [project, environment, service] = run.place;
    auto shared = co_await run.session.api.shared_variables(project, environment);
    if (!shared) co_return trouble_of(shared.error(), "reading shared variables");
    if (shared->contains(std::string(plan::kKeyVariable))) co_return std::nullopt;
    std::string bytes(32, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1)
        co_return Trouble{Trouble::Why::Failed, "the system gave no random bytes", ""};
    Variables variables;
    variables[std::string(plan::kKeyVariable)] = SecretText(hex(bytes));
    auto written = co_await run.session.api.upsert_shared_variables(project, environment, variables);
    if (!written) co_return trouble_of(written.error(), "writing the fingerprint key");
    co_return std::nullopt;
}

}  // namespace seance::railway
