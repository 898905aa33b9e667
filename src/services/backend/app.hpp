#pragma once
#include "core/runtime/service.hpp"
#include "core/runtime/task_group.hpp"
#include "core/runtime/worker.hpp"
#include "net/http/client.hpp"
#include "net/http/router.hpp"
#include "net/http/server.hpp"
#include "services/backend/domain/allowed_origins.hpp"
#include "services/backend/domain/builder_keys.hpp"
#include "services/backend/settings.hpp"
#include "store/object/object_store.hpp"
#include "store/valkey/client.hpp"

namespace seance::backend {

// What the handlers work with. It outlives them.
struct Context {
    const Settings& settings;
    object::ObjectStore& store;
    valkey::Client& valkey;
    const BuilderKeys& keys;
    Worker& worker;          // parsing of large bodies
    bool deploying = false;  // one publication at a time: two at once would mix their files
    bool draining = false;
};

Awaitable<http::Response> answer_health(Context& context, http::Exchange& exchange);
Awaitable<http::Response> answer_deploy(Context& context, http::Exchange& exchange);
Awaitable<http::Response> answer_room_token(Context& context, http::Exchange& exchange);
Awaitable<http::Response> answer_billing(Context& context, http::Exchange& exchange);

// All of the service on one loop. Members are in the order in which they are made.
class App final : public Unit {
  public:
    App(Loop& loop, Settings settings);
    ~App() override;

    Awaitable<void> drain() override;

  private:
    using Endpoint = Awaitable<http::Response> (*)(Context&, http::Exchange&);
    void add_routes();
    http::Handler handler_of(Endpoint endpoint);
    Awaitable<void> answer(Endpoint endpoint, http::Exchange& exchange);
    Awaitable<void> receive(http::Exchange& exchange);
    Awaitable<void> sweep();

    Settings settings_;
    AllowedOrigins origins_;
    BuilderKeys keys_;
    http::Client client_;
    std::unique_ptr<object::ObjectStore> store_;
    valkey::Client valkey_;
    Worker worker_{1};
    Context context_;
    http::Router router_;
    TaskGroup tasks_;
    http::Server server_, admin_;
};

}  // namespace seance::backend
