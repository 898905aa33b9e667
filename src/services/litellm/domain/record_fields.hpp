#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "services/litellm/domain/api_error.hpp"
#include "services/litellm/domain/budget_period.hpp"
#include "services/litellm/domain/chat_request.hpp"

namespace seance::litellm {

enum class RecordKind { Key, User, Team, Customer, Budget };
std::string_view name_of(RecordKind kind);  // "key"

// The fields of `body` that records of this kind keep, each of the right type; a null stays, since it clears.
// Other fields are left out, as LiteLLM does; unknown_fields() tells of them. Durations and times are turned
// into what is kept: "duration" into "expires".
Answer<boost::json::object> read_fields(RecordKind kind, const boost::json::object& body, UnixMs now);

// Their names.
std::vector<std::string> kept_fields(RecordKind kind);

}  // namespace seance::litellm
