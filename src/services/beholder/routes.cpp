#include "services/beholder/routes.hpp"

#include <algorithm>

namespace seance::beholder {
namespace {

std::size_t index_of(const Destination& to) {
    return (to.passes_authorization ? 4u : 0u) | (to.capture ? 2u : 0u) | (to.repeatable ? 1u : 0u);
}

template <std::size_t N>
bool one_of(std::string_view path, const std::array<std::string_view, N>& paths) {
    return std::find(paths.begin(), paths.end(), path) != paths.end();
}

Awaitable<void> answer_health(http::Exchange& exchange) {
    exchange.do_not_log();
    auto response = http::text_response(200, "ok\n");
    response.fields.set("Cache-Control", "no-store");
    exchange.reply(std::move(response));
    co_return;
}

proxy::ForwardRules make_rules(const Settings& settings, bool authorization, bool capture, bool repeatable) {
    proxy::ForwardRules rules;
    rules.headers.via = settings.via;
    // An apex-domain session cookie would otherwise reach a third party with every unload beacon.
    rules.headers.cookie_prefixes = settings.cookie_prefixes;
    if (!authorization) rules.headers.drop_request = {"authorization"};
    // These would bind our own domain.
    rules.headers.drop_response = {"set-cookie", "strict-transport-security", "alt-svc", "nel", "report-to"};
    rules.repeat_posts = repeatable;
    rules.finish_without_client = capture;
    rules.mask_log = true;
    return rules;
}

}  // namespace

Destination destination_of(std::string_view path) {
    static constexpr std::array<std::string_view, 7> kEvents{
        "/e", "/i/v0/e", "/batch", "/capture", "/track", "/engage", "/i/v1/analytics/events"};
    static constexpr std::array<std::string_view, 4> kOther{"/s", "/i/v0/ai", "/i/v1/logs", "/i/v1/metrics"};
    Destination to;
    to.assets = path.starts_with("/static/") || path.starts_with("/array/");
    to.passes_authorization = path.starts_with("/i/v1/");
    if (path.ends_with('/')) path.remove_suffix(1);
    to.repeatable = one_of(path, kEvents);
    to.capture = to.repeatable || one_of(path, kOther);
    return to;
}

Routes::Routes(const Settings& settings, proxy::ReverseProxy& proxy)
    : proxy_(proxy),
      events_{settings.events},
      assets_{settings.assets},
      to_events_(observe::metrics().counter("seance_beholder_requests_total", "Forwarded requests",
                                            {{"to", "events"}})),
      to_assets_(observe::metrics().counter("seance_beholder_requests_total", "Forwarded requests",
                                            {{"to", "assets"}})) {
    for (bool authorization : {false, true})
        for (bool capture : {false, true})
            for (bool repeatable : {false, true}) {
                Destination to{
                    .passes_authorization = authorization, .capture = capture, .repeatable = repeatable};
                rules_[index_of(to)] = make_rules(settings, authorization, capture, repeatable);
            }
}

const proxy::ForwardRules& Routes::rules_for(const Destination& to) const {
    return rules_[index_of(to)];
}

Awaitable<void> Routes::forward(http::Exchange& exchange) {
    auto to = destination_of(exchange.head().path());
    (to.assets ? to_assets_ : to_events_).add();
    return proxy_.forward(exchange, to.assets ? assets_ : events_, rules_for(to));
}

http::Router make_router(Routes& routes) {
    http::Router router;
    router.add("GET", "/health", answer_health);
    router.otherwise([&routes](http::Exchange& exchange) { return routes.forward(exchange); });
    return router;
}

}  // namespace seance::beholder
