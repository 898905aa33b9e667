#pragma once
#include <boost/json/object.hpp>
#include <optional>

#include "services/litellm/config/ledger_config.hpp"
#include "services/litellm/domain/record_fields.hpp"

namespace seance::litellm {

// Only admins make keys, so the role that counts is theirs. `body` is the request as it was sent.
std::optional<ApiError> check_generation(const KeyGeneration& rules, const boost::json::object& body);

// What a request leaves open, or says is null, becomes the default; a null budget_duration means "never".
void fill_fields(boost::json::object& fields, const boost::json::object& defaults,
                 const boost::json::object& sent);

// `upperbound_key_generate_params`: what is above a bound, or open where there is one, becomes the bound; of
// a change only what it names.
enum class Clamp { Whole, Change };
void clamp_fields(boost::json::object& fields, const boost::json::object& bounds, UnixMs now, Clamp what);

}  // namespace seance::litellm
