#include <fmt/format.h>

#include "core/observe/log.hpp"
#include "core/runtime/service.hpp"
#include "net/stream/tls_server.hpp"
#include "services/litellm/app.hpp"
#include "services/litellm/ledger/spool.hpp"
#include "services/litellm/ledger/store_check.hpp"

int main(int argc, char** argv) {
    using namespace seance;
    auto read = litellm::read_settings(argc, argv, config::process_environment());
    if (auto* code = std::get_if<int>(&read)) return *code;
    auto& settings = std::get<litellm::Settings>(read);

    auto source = litellm::ConfigSource::open(settings);
    if (!source) {
        fmt::print(stderr, "seance-litellm: {}\n", source.error().what);
        return 65;
    }
    if (!settings.tls_chain.empty())
        if (auto tls = stream::TlsServer::load(settings.tls_chain, settings.tls_key); !tls) {
            fmt::print(stderr, "seance-litellm: {}\n", tls.error().what);
            return 65;
        }
    auto& config = (*source)->current()->config();
    if (settings.ask_health) return litellm::ask_health(settings, config);

    observe::set_service("litellm");
    auto problem = config.ledger.server ? litellm::Spool::check(config.ledger.spool_folder) : std::nullopt;
    if (!problem) problem = litellm::check_stores(config.ledger);
    if (problem) {
        fmt::print(stderr, "seance-litellm: {}\n", problem->what);
        return 65;
    }
    if (settings.debug) observe::set_level(observe::Level::Debug);
    if (settings.errors_only) observe::set_level(observe::Level::Error);
    warn_of_misspelled(settings.misspelled);
    litellm::announce(*(*source)->current(), settings);
    ServiceOptions options{.threads = settings.workers, .drain_timeout = settings.drain_timeout};
    return run_service(options, [&](Loop& loop, unsigned index) -> std::unique_ptr<Unit> {
        return std::make_unique<litellm::App>(loop, settings, **source, index == 0);
    });
}
