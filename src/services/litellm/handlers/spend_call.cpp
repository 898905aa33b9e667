#include "services/litellm/handlers/spend_call.hpp"

#include <fmt/format.h>

#include "services/litellm/ledger/ledger.hpp"

namespace seance::litellm {

Awaitable<std::unique_ptr<Management>> begin_spend(Gateway& gateway, http::Exchange& exchange) {
    auto call = co_await begin_management(gateway, exchange);
    if (call) co_await gateway.ledger().courier()->settled(std::chrono::milliseconds(500));
    co_return call;
}

std::optional<Span> span_of(const Management& call, int days) {
    Span span{call.now - (days - 1) * kDayMs, call.now};
    for (auto [name, place] : {std::pair("start_date", &span.from), std::pair("end_date", &span.until)}) {
        auto text = call.query(name);
        if (!text) continue;
        auto day = parse_day(text->substr(0, 10));
        if (!day) {
            call.refuse(
                bad_request(fmt::format("{} is \"{}\"; write a day such as 2026-11-25", name, *text), name));
            return std::nullopt;
        }
        *place = *day;
    }
    return span;
}

}  // namespace seance::litellm
