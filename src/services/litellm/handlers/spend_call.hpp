#pragma once
#include <memory>
#include <optional>

#include "services/litellm/handlers/management.hpp"

// What the routes of /spend and /global share.
namespace seance::litellm {

inline constexpr std::int64_t kDayMs = 86'400'000;

// A call, with everything settled so far in Valkey. Null: it has answered.
Awaitable<std::unique_ptr<Management>> begin_spend(Gateway& gateway, http::Exchange& exchange);

struct Span {
    UnixMs from, until;  // the first and the last day, at their beginnings
};

// start_date and end_date; else the last `days` days. Nothing once it has refused.
std::optional<Span> span_of(const Management& call, int days);

}  // namespace seance::litellm
