#include "core/observe/metrics.hpp"

#include "services/litellm/handlers/handlers.hpp"
#include "services/litellm/ledger/budget_gauges.hpp"
#include "services/litellm/ledger/ledger.hpp"

namespace seance::litellm {

Awaitable<void> show_metrics(Gateway&, http::Exchange& exchange, std::string) {
    http::Response response{
        200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, render_metrics()};
    exchange.reply(std::move(response));
    co_return;
}

std::string render_metrics() {
    return observe::metrics().render() + SpendMetrics::render() + budget_gauges().render(unix_ms());
}

}  // namespace seance::litellm
