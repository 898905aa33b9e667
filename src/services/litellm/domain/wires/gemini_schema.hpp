#pragma once
#include <string>
#include <string_view>

namespace seance::litellm {

// A JSON schema as Gemini takes it: $ref inlined, keywords that it refuses left out, "null" among types as
// nullable. A schema that refers to itself ends as a plain object.
std::string gemini_schema(std::string_view schema);

}  // namespace seance::litellm
