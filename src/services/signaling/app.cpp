#include "services/signaling/app.hpp"

#include "core/observe/log.hpp"
#include "net/http/router.hpp"
#include "services/signaling/room_list.hpp"

namespace seance::signaling {
namespace {

http::ServerOptions server_options(const Settings& settings) {
    http::ServerOptions options;
    options.max_connections = settings.max_connections + 1000;  // room for those that are to be told 503
    options.max_body = 1 << 20;
    return options;
}

http::Router admin_routes(Lobby& lobby) {
    auto router = http::admin_router();
    router.add("GET", "/rooms", make_room_list(lobby));
    return router;
}

}  // namespace

App::App(Loop& loop, unsigned index, const Settings& settings, Shared& shared)
    : lobby_(loop, settings, shared, index),
      server_(loop, server_options(settings), make_handler(lobby_)),
      admin_(loop, {}, admin_routes(lobby_)) {
    server_.listen(settings.address, index == 0 ? settings.port : shared.port,
                   http::sharing_of(index, settings.threads));
    if (index != 0) return;
    shared.port = server_.port();
    if (settings.admin_port != 0) admin_.listen("127.0.0.1", settings.admin_port);
    observe::log(observe::Level::Info, "listening")
        .field("address", settings.address)
        .field("port", static_cast<unsigned>(server_.port()));
}

// New peers are refused with 503 until the last has gone.
Awaitable<void> App::drain() {
    co_await lobby_.drain();
    co_await server_.drain();
    co_await admin_.drain();
}

}  // namespace seance::signaling
