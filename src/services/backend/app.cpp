#include "services/backend/app.hpp"

#include "core/observe/log.hpp"
#include "services/backend/domain/publication.hpp"
#include "store/object/directory/directory_store.hpp"
#include "store/object/s3/s3_store.hpp"

namespace seance::backend {
namespace {

// Far longer than any publication takes, and the time after which buckets drop unfinished uploads themselves
// is longer still.
constexpr auto kUnfinishedFor = std::chrono::hours(24);

std::unique_ptr<object::ObjectStore> make_store(const Settings& settings, http::Client& client) {
    if (settings.store == StoreKind::S3) return std::make_unique<object::S3Store>(client, settings.s3);
    return std::make_unique<object::DirectoryStore>(settings.object_directory);
}

}  // namespace

App::App(Loop& loop, Settings settings)
    : settings_(std::move(settings)),
      origins_(settings_.allowed_origins),
      keys_(settings_.builder_key_hashes),
      client_(loop),
      store_(make_store(settings_, client_)),
      valkey_(loop, settings_.valkey),
      context_{settings_, *store_, valkey_, keys_, worker_},
      tasks_(loop.executor()),
      server_(loop, {}, [this](http::Exchange& exchange) { return receive(exchange); }),
      admin_(loop, http::admin_options(), http::admin_router()) {
    add_routes();
    server_.listen(settings_.address, settings_.port);
    if (settings_.admin_port != 0) admin_.listen("127.0.0.1", settings_.admin_port);
    observe::log(observe::Level::Info, "listening")
        .field("address", settings_.address)
        .field("port", static_cast<unsigned>(server_.port()))
        .field("store", store_->state().kind);
    if (keys_.empty())
        observe::log(observe::Level::Warning, "no_builder_keys")
            .field("reason", "BUILDER_KEY_HASHES is empty: every POST /deploy will be refused");
    tasks_.spawn(sweep());
}

App::~App() = default;

Awaitable<void> App::sweep() {
    auto swept = co_await sweep_unfinished(*store_, settings_.path_prefix,
                                           std::chrono::system_clock::now() - kUnfinishedFor);
    if (!swept)
        observe::log(observe::Level::Warning, "sweep_failed").field("reason", swept.error().what);
    else if (*swept > 0)
        observe::log(observe::Level::Info, "unfinished_swept")
            .field("objects", static_cast<std::uint64_t>(*swept));
}

Awaitable<void> App::drain() {
    context_.draining = true;
    co_await server_.drain();
    tasks_.cancel();
    co_await tasks_.wait();
    co_await admin_.drain();
}

}  // namespace seance::backend
