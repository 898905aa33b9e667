#include <boost/json.hpp>

#include "core/base/version.hpp"
#include "services/backend/app.hpp"

namespace seance::backend {
namespace {

namespace json = boost::json;

json::object describe(const valkey::State& state) {
    json::object object{{"status", state.connected ? "connected" : "disconnected"},
                        {"since", iso_timestamp(state.since)}};
    if (!state.connected && !state.last_error.empty()) object["error"] = state.last_error;
    return object;
}

// The reason stays in the log: it may name folders and hosts.
json::object describe(const object::StoreState& state) {
    json::object object{{"kind", json::string_view(state.kind.data(), state.kind.size())},
                        {"status", !state.used  ? "unused"
                                   : state.well ? "working"
                                                : "failing"}};
    if (state.used) object["since"] = iso_timestamp(state.since);
    return object;
}

}  // namespace

// Says what is known and asks nobody, so it answers at once whatever is down. `status` is about this process,
// which serves what it can without Valkey; `degraded` names what it lacks.
Awaitable<http::Response> answer_health(Context& context, http::Exchange&) {
    json::array degraded;
    if (!context.valkey.state().connected) degraded.emplace_back("valkey");
    if (!context.store.state().well) degraded.emplace_back("store");
    auto commit = built_commit();
    json::object body{{"status", context.draining ? "draining" : "healthy"},
                      {"service", "seance-backend"},
                      {"timestamp", iso_timestamp(std::chrono::system_clock::now())},
                      {"commit", json::string_view(commit.data(), commit.size())},
                      {"degraded", degraded},
                      {"valkey", describe(context.valkey.state())},
                      {"store", describe(context.store.state())}};
    co_return http::json_response(200, json::serialize(body));
}

}  // namespace seance::backend
