#pragma once
#include <optional>
#include <string_view>

#include "services/litellm/domain/api_error.hpp"
#include "services/litellm/domain/json_text.hpp"

namespace seance::litellm {

// The error of an answer that does not fit the schema in its request's response_format; nothing if it fits,
// has no text, or nobody wants to know. `always`: litellm_settings.enable_json_schema_validation; the
// request's own member of that name wins, and a response_schema with enforce_validation is always checked.
std::optional<ApiError> schema_error(const JsonValue& request, std::string_view completion, bool always);

}  // namespace seance::litellm
