#include "services/litellm/app.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/observe/log.hpp"
#include "net/http/router.hpp"
#include "net/stream/tls_bridge.hpp"
#include "net/stream/tls_server.hpp"
#include "services/litellm/handlers/budget_share.hpp"
#include "services/litellm/handlers/handlers.hpp"
#include "services/litellm/handlers/health_check.hpp"
#include "services/litellm/handlers/routing_share.hpp"
#include "services/litellm/routes.hpp"

namespace seance::litellm {
namespace {

constexpr Duration kHandshake = std::chrono::seconds(10);

Awaitable<Result<http::TcpSocket>> end_tls(std::shared_ptr<stream::TlsServer> tls, http::TcpSocket accepted) {
    auto stream = co_await tls->handshake(std::move(accepted), Clock::now() + kHandshake);
    if (!stream) co_return stream.error();
    auto executor = co_await asio::this_coro::executor;
    co_return stream::bridge_tls(executor, std::move(*stream));
}

http::ServerOptions server_options(const Settings& settings) {
    http::ServerOptions options;
    if (!settings.tls_chain.empty()) {
        auto tls = stream::TlsServer::load(settings.tls_chain, settings.tls_key);
        if (!tls) throw std::runtime_error(tls.error().what);
        options.unwrap = [tls = *tls](http::TcpSocket accepted) { return end_tls(tls, std::move(accepted)); };
    }
    options.idle_timeout = settings.keepalive_timeout;
    options.port_setting = "PORT or --port";
    options.mask_path = shown_path;
    // Models take seconds to answer: many requests are under way at a modest rate.
    options.max_connections = 50'000;
    return options;
}

// The name that the gateway's own certificate is good for; "" without TLS.
std::string tls_name(const Settings& settings) {
    if (settings.tls_chain.empty()) return "";
    auto tls = stream::TlsServer::load(settings.tls_chain, settings.tls_key);
    return tls ? (*tls)->name() : "";
}

// `address`: where the origin's host really is; "" to look it up.
Awaitable<Result<http::WholeResponse>> ask_once(Loop& loop, const http::ClientOptions& options,
                                                const http::Origin& origin, const std::string& address,
                                                const http::Request& request) {
    http::Client client(loop, options);
    if (!address.empty()) client.set_resolver_override(origin.host, {address});
    co_return co_await client.send(origin, request);
}

Awaitable<void> fetch_health(Loop& loop, const Settings& settings, const Config& config, int& code) {
    bool anywhere = settings.host == "0.0.0.0" || settings.host == "::" || settings.host == "localhost";
    http::Origin origin{anywhere ? "127.0.0.1" : settings.host, settings.port, false};
    http::ClientOptions options;
    std::string address;
    origin.tls = !settings.tls_chain.empty();
    if (auto name = tls_name(settings); !name.empty()) address = std::exchange(origin.host, name);
    http::Request request;
    request.target = settings.root_path + "/health";
    if (!config.master_key.empty())
        request.fields.set("Authorization", "Bearer " + config.master_key.reveal());
    auto answer = co_await ask_once(loop, options, origin, address, request);
    if (!answer && origin.tls) {  // a certificate that signs itself is vouched for by its own file
        options.ca_file = settings.tls_chain;
        answer = co_await ask_once(loop, options, origin, address, request);
    }
    if (!answer)
        fmt::print(stderr, "seance-litellm: no gateway answers on {}: {}\n", origin.authority(),
                   answer.error().message());
    else
        fmt::print("{}\n", answer->body);
    code = answer && answer->status == 200 ? 0 : 1;
    loop.stop();
}

Awaitable<void> reply_metrics(http::Exchange& exchange) {
    http::Response response{
        200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, render_metrics()};
    exchange.reply(std::move(response));
    co_return;
}

// As of every service, with what the ledger counts.
http::Router admin_routes() {
    http::Router router;
    router.add("GET", "/metrics", reply_metrics);
    router.otherwise(http::admin_router());
    return router;
}

}  // namespace

App::App(Loop& loop, const Settings& settings, ConfigSource& source, bool first)
    : source_(source),
      first_(first),
      gateway_(loop, settings, source, first),
      server_(loop, server_options(settings),
              [this](http::Exchange& exchange) { return serve(gateway_, exchange); }) {
    if (first) {
        watch_ =
            std::make_unique<ConfigWatch>(loop, [this] { source_.reload(ConfigSource::Cause::FileChanged); });
        watch_files();
    }
    subscription_ = source.subscribe(loop.executor(), [this](ConfigSource::Models models) {
        if (models) gateway_.replace(std::move(models));
        if (watch_) watch_files();
    });
    auto host = settings.host == "localhost" ? std::string("127.0.0.1") : settings.host;
    server_.listen(host, settings.port, http::sharing_of(first ? 0 : 1, settings.workers));
    if (first)
        observe::log(observe::Level::Info, "listening").field("address", host).field("port", server_.port());
    if (!first) return;
    if (settings.admin_port != 0) {
        admin_ = std::make_unique<http::Server>(loop, http::admin_options(), admin_routes());
        admin_->listen("127.0.0.1", settings.admin_port);
    }
    // Last, for a port that is taken throws, and tasks must be waited for.
    tasks_ = std::make_unique<TaskGroup>(loop.executor());
    tasks_->spawn(check_in_background(gateway_, stopping_));
    tasks_->spawn(share_routing(gateway_, stopping_));
    tasks_->spawn(share_budgets(gateway_, stopping_));
}

void App::watch_files() {
    if (auto problem = watch_->watch(source_.files()); !problem.empty())
        observe::log(observe::Level::Warning, "config_not_watched")
            .field("problem", problem)
            .field("consequence", "send SIGHUP after a change");
}

Awaitable<void> App::drain() {
    co_await server_.drain();
    co_await gateway_.ledger().drain();
    co_await gateway_.alerts().drain();
    if (tasks_) {
        stopping_ = true;
        tasks_->cancel();
        co_await tasks_->wait();
        co_await tell_budgets(gateway_);
    }
    if (admin_) co_await admin_->drain();
}

void App::reload() {
    if (first_) source_.reload(ConfigSource::Cause::Asked);
}

int ask_health(const Settings& settings, const Config& config) {
    Loop loop;
    int code = 1;
    asio::co_spawn(loop.executor(), fetch_health(loop, settings, config, code), asio::detached);
    loop.run();
    return code;
}

}  // namespace seance::litellm
