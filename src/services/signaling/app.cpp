#include "services/signaling/app.hpp"

#include "core/observe/log.hpp"
#include "core/runtime/open_files.hpp"
#include "net/http/router.hpp"
#include "services/signaling/sync/directory_store.hpp"
#include "services/signaling/sync/valkey_store.hpp"

namespace seance::signaling {
namespace {

http::ServerOptions server_options(const Settings& settings) {
    http::ServerOptions options;
    options.max_connections = settings.max_connections + 1000;  // room for those that are to be told 503
    options.max_body = 1 << 20;
    return options;
}

std::unique_ptr<sync::Hall> make_sync(Loop& loop, const Settings& settings,
                                      const websocket::Options& options) {
    const auto& sync = settings.sync;
    if (!sync.enabled) return nullptr;
    std::unique_ptr<sync::DocumentStore> store;
    if (settings.valkey)
        store = std::make_unique<sync::ValkeyStore>(loop, *settings.valkey, settings.channel_prefix, sync.ttl,
                                                    sync.max_document_bytes);
    else if (!sync.directory.empty())
        store = std::make_unique<sync::DirectoryStore>(sync.directory, sync.fsync, sync.ttl);
    auto hall = std::make_unique<sync::Hall>(loop, sync, options, std::move(store));
    if (settings.valkey) hall->join_replicas(*settings.valkey, settings.channel_prefix);
    return hall;
}

}  // namespace

App::App(Loop& loop, const Settings& settings)
    : lobby_(loop, settings),
      sync_(make_sync(loop, settings, lobby_.socket_options())),
      server_(loop, server_options(settings), make_handler(lobby_, sync_.get())),
      admin_(loop, {}, http::admin_router()) {
    allow_open_files(settings.max_connections + 1100);
    server_.listen(settings.address, settings.port);
    if (settings.admin_port != 0) admin_.listen("127.0.0.1", settings.admin_port);
    observe::log(observe::Level::Info, "listening")
        .field("address", settings.address)
        .field("port", static_cast<unsigned>(server_.port()));
}

Awaitable<void> App::drain() {
    co_await lobby_.drain();
    if (sync_) co_await sync_->drain();
    co_await server_.drain();
    co_await admin_.drain();
}

}  // namespace seance::signaling
