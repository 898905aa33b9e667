#include "services/litellm/app.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/observe/log.hpp"
#include "net/http/router.hpp"
#include "services/litellm/domain/price_table.hpp"
#include "services/litellm/routes.hpp"

namespace seance::litellm {
namespace {

http::ServerOptions server_options(const Settings& settings) {
    http::ServerOptions options;
    options.idle_timeout = settings.keepalive_timeout;
    return options;
}

Awaitable<void> fetch_health(Loop& loop, const Settings& settings, const Config& config, int& code) {
    http::Client client(loop);
    bool anywhere = settings.host == "0.0.0.0" || settings.host == "::" || settings.host == "localhost";
    http::Origin origin{anywhere ? "127.0.0.1" : settings.host, settings.port, false};
    http::Request request;
    request.target = settings.root_path + "/health";
    if (!config.master_key.empty())
        request.fields.set("Authorization", "Bearer " + config.master_key.reveal());
    auto answer = co_await client.send(origin, request);
    if (!answer)
        fmt::print(stderr, "seance-litellm: no gateway answers on {}: {}\n", origin.authority(),
                   answer.error().message());
    else
        fmt::print("{}\n", answer->body);
    code = answer && answer->status == 200 ? 0 : 1;
    loop.stop();
}

}  // namespace

App::App(Loop& loop, const Settings& settings, std::shared_ptr<const ModelTable> models, bool first)
    : settings_(settings),
      announce_(first),
      gateway_(loop, settings, std::move(models), first),
      server_(loop, server_options(settings),
              [this](http::Exchange& exchange) { return serve(gateway_, exchange); }) {
    auto host = settings.host == "localhost" ? std::string("127.0.0.1") : settings.host;
    server_.listen(host, settings.port, http::sharing_of(first ? 0 : 1, settings.workers));
    if (first)
        observe::log(observe::Level::Info, "listening").field("address", host).field("port", server_.port());
    if (first && settings.admin_port != 0) {
        admin_ = std::make_unique<http::Server>(loop, http::ServerOptions{}, http::admin_router());
        admin_->listen("127.0.0.1", settings.admin_port);
    }
}

Awaitable<void> App::drain() {
    co_await server_.drain();
    co_await gateway_.ledger().drain();
    if (admin_) co_await admin_->drain();
}

void App::reload() {
    auto models = load_models(settings_);
    if (!models) {
        if (announce_)
            observe::log(observe::Level::Error, "config_refused").field("problem", models.error().what);
        return;
    }
    if (announce_) announce((*models)->config(), settings_);
    gateway_.replace(std::move(*models));
}

Outcome<std::shared_ptr<const ModelTable>> load_models(const Settings& settings) {
    auto config = read_config(settings.config_path, read_file_from_disk, config::process_environment());
    if (!config) return config.error();
    if (settings.request_timeout) config->routing.timeout = *settings.request_timeout;
    if (auto& file = config->ledger.price_file; !file.empty()) {
        auto text = read_file_from_disk(file);
        if (!text) return Problem{"LITELLM_MODEL_COST_MAP_FILE: " + text.error().what};
        auto prices = PriceTable::parse(*text, file);
        if (!prices) return prices.error();
        config->ledger_prices = std::make_shared<const PriceTable>(std::move(*prices));
    }
    return std::make_shared<const ModelTable>(std::make_shared<const Config>(std::move(*config)));
}

void announce(const Config& config, const Settings& settings) {
    using observe::Level;
    for (auto& text : config.notes.errors)
        observe::log(Level::Error, "config_problem").field("problem", text);
    for (auto& text : config.notes.warnings)
        observe::log(Level::Warning, "config_warning").field("warning", text);
    for (auto& text : unusable_deployments(config))
        observe::log(Level::Warning, "model_disabled").field("reason", text);
    if (!config.master_key_problem.empty())
        observe::log(settings.loopback_only() ? Level::Warning : Level::Error, "master_key_missing")
            .field("problem", config.master_key_problem)
            .field("consequence", settings.loopback_only()
                                      ? "every route is open, because only this machine can connect"
                                      : "every request that needs a key is refused");
    else if (config.master_key.empty())
        observe::log(Level::Warning, "master_key_absent")
            .field("consequence", "every route is open to whoever can connect");
    observe::log(Level::Info, "gateway_configured")
        .field("deployments", static_cast<std::uint64_t>(config.deployments.size()));
}

int ask_health(const Settings& settings, const Config& config) {
    Loop loop;
    int code = 1;
    asio::co_spawn(loop.executor(), fetch_health(loop, settings, config, code), asio::detached);
    loop.run();
    return code;
}

}  // namespace seance::litellm
