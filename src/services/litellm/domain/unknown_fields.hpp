#pragma once
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "services/litellm/domain/api_error.hpp"
#include "services/litellm/domain/record_fields.hpp"

namespace seance::litellm {

// Fields of a request about records of a kind that would not be kept.
struct UnknownFields {
    // One that is nearly the name of a field that would be: a limit that is misspelled would be no limit.
    std::optional<ApiError> slip;
    // The others that say something, in the order they stand in. Requests with them are served.
    std::vector<std::string> without_effect;
};

// Null says nothing, and what answers show beside the fields themselves may come back.
UnknownFields unknown_fields(RecordKind kind, const boost::json::object& body);

}  // namespace seance::litellm
