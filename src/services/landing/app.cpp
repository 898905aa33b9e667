#include "services/landing/app.hpp"

#include "core/observe/log.hpp"
#include "core/runtime/open_files.hpp"
#include "net/http/router.hpp"

namespace seance::landing {
namespace {

http::ServerOptions admin_options() {
    auto options = http::admin_options();
    options.log_requests = false;  // a scrape every few seconds says nothing
    return options;
}

constexpr std::uint64_t kOtherFiles = 256;  // listeners, logs, and files on their way from disk

}  // namespace

App::App(Loop& loop, unsigned index, const Settings& settings, Site& site)
    : loop_(loop),
      site_(site),
      first_(index == 0),
      files_(site.join(loop)),
      server_(loop, server_options(settings), make_handler(*files_)),
      admin_(loop, admin_options(), http::admin_router()) {
    if (first_) allow_open_files(settings.threads * settings.max_connections + kOtherFiles);
    server_.listen(settings.address, settings.port);
    if (!first_) return;
    if (settings.admin_port != 0) admin_.listen("127.0.0.1", settings.admin_port);
    observe::log(observe::Level::Info, "listening")
        .field("address", settings.address)
        .field("port", static_cast<unsigned>(server_.port()));
}

App::~App() {
    site_.leave(loop_);
}

Awaitable<void> App::drain() {
    co_await server_.drain();
    co_await admin_.drain();
}

void App::reload() {
    if (first_) site_.reload();
}

}  // namespace seance::landing
