#pragma once
#include <boost/json/object.hpp>
#include <optional>

#include "services/litellm/domain/api_error.hpp"

namespace seance::litellm {

// Fields of keys, teams and customers that ask for a protection which nobody gives here: guardrails, a
// region, a rotation, models of a key's own. Kept without effect they would look like it, so they are
// refused. Values that ask for nothing (null, false, empty) may stay.
std::optional<ApiError> refuse_unheld(const boost::json::object& fields);

}  // namespace seance::litellm
