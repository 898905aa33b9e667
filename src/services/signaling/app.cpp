#include "services/signaling/app.hpp"

#include <boost/asio/this_coro.hpp>

#include "core/observe/log.hpp"
#include "core/runtime/task_group.hpp"
#include "net/http/router.hpp"
#include "services/signaling/room_list.hpp"
#include "services/signaling/sync/directory_store.hpp"
#include "services/signaling/sync/route.hpp"
#include "services/signaling/sync/valkey_store.hpp"

namespace seance::signaling {
namespace {

http::ServerOptions server_options(const Settings& settings) {
    http::ServerOptions options;
    options.max_connections = settings.max_connections + 1000;  // room for those that are to be told 503
    options.max_body = 1 << 20;
    // The names of documents are their users' secrets; operators know them by their hash, as in /rooms.
    options.mask_path = [most = settings.sync.max_room_bytes](std::string_view path) {
        return sync::is_sync_path(path) ? sync::masked_path(path, most) : std::string(path);
    };
    return options;
}

http::Router admin_routes(const Lobby& lobby, sync::Doors& documents) {
    auto router = http::admin_router();
    router.add("GET", "/rooms", make_room_list(lobby, documents));
    return router;
}

std::unique_ptr<sync::Hall> make_hall(Loop& loop, unsigned index, const Settings& settings,
                                      const websocket::Options& options, sync::Building& building) {
    const auto& sync = settings.sync;
    std::unique_ptr<sync::DocumentStore> store;
    if (settings.valkey)
        store = std::make_unique<sync::ValkeyStore>(loop, *settings.valkey, settings.channel_prefix, sync.ttl,
                                                    sync.max_document_bytes);
    else if (!sync.directory.empty())
        store = std::make_unique<sync::DirectoryStore>(sync.directory, sync.fsync, sync.ttl);
    auto hall = std::make_unique<sync::Hall>(loop, index, sync, options, std::move(store), building);
    if (settings.valkey) hall->join_replicas(*settings.valkey, settings.channel_prefix);
    return hall;
}

// With what is in force, for whoever wonders whether a setting has arrived.
void log_listening(const Settings& settings, std::uint16_t port) {
    std::string origins;
    for (const auto& origin : settings.allowed_origins) origins += (origins.empty() ? "" : ",") + origin;
    const auto& sync = settings.sync;
    observe::log(observe::Level::Info, "listening")
        .field("address", settings.address)
        .field("port", static_cast<unsigned>(port))
        .field("threads", settings.threads)
        .field("rooms", settings.room_token_secret.empty() ? "open" : "by_token")
        .field("origins", origins.empty() ? "all" : origins)
        .field("compression", settings.compression)
        .field("replicas", settings.valkey ? settings.valkey->printed() : "alone")
        .field("documents", !sync.enabled            ? "none"
                            : settings.valkey        ? "in_valkey"
                            : sync.directory.empty() ? "in_memory"
                                                     : "in_directory");
}

}  // namespace

App::App(Loop& loop, unsigned index, const Settings& settings, Shared& shared)
    : lobby_(loop, settings, shared, index),
      hall_(settings.sync.enabled
                ? make_hall(loop, index, settings, lobby_.socket_options(), shared.documents)
                : nullptr),
      server_(loop, server_options(settings), make_handler(lobby_)),
      admin_(loop, http::admin_options(), admin_routes(lobby_, shared.documents.doors)) {
    server_.listen(settings.address, index == 0 ? settings.port : shared.port,
                   http::sharing_of(index, settings.threads));
    if (index != 0) return;
    shared.port = server_.port();
    if (settings.admin_port != 0) admin_.listen("127.0.0.1", settings.admin_port);
    log_listening(settings, server_.port());
}

// New peers are refused with 503 until the last has gone.
Awaitable<void> App::drain() {
    TaskGroup leaving(co_await asio::this_coro::executor);
    leaving.spawn(lobby_.drain());
    if (hall_) leaving.spawn(hall_->drain());
    co_await leaving.wait();
    co_await server_.drain();
    co_await admin_.drain();
}

}  // namespace seance::signaling
