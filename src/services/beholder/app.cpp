#include "services/beholder/app.hpp"

#include "core/observe/log.hpp"

namespace seance::beholder {

App::App(Loop& loop, unsigned index, const Settings& settings)
    : client_(loop, client_options(settings)),
      proxy_(client_.pool(), settings.trusted),
      routes_(settings, proxy_),
      server_(loop, server_options(settings), make_router(routes_)),
      admin_(loop, http::admin_options(), http::admin_router()) {
    server_.listen(settings.address, settings.port);
    if (index != 0) return;
    if (settings.admin_port != 0) admin_.listen("127.0.0.1", settings.admin_port);
    observe::log(observe::Level::Info, "listening")
        .field("address", settings.address)
        .field("port", static_cast<unsigned>(server_.port()));
}

Awaitable<void> App::drain() {
    co_await server_.drain();
    co_await admin_.drain();
}

}  // namespace seance::beholder
