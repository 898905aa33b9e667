#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "services/litellm/domain/error_class.hpp"

namespace seance::litellm {

// The names of retry_policy (`suffix` "Retries") and allowed_fails_policy ("AllowedFails").
std::vector<std::string> policy_keys(std::string_view suffix);
// The classes of errors that such a name stands for; none if it is no such name.
std::vector<ErrorClass> policy_classes(std::string_view key, std::string_view suffix);

}  // namespace seance::litellm
