#pragma once
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "services/litellm/handlers/management.hpp"

// What the routes of /key share.
namespace seance::litellm {

std::string hash_of_key(std::string_view key);     // people name a key by itself or by its hash
std::string name_of_key(std::string_view secret);  // "sk-...wxyz"
ApiError unknown_key(std::string_view key);
ApiError alias_taken(std::string_view alias);
// Every field of a key, so that answers always have the same shape.
void complete_key(boost::json::object& record);
// Null clears; what is not named stays.
void apply_to_key(boost::json::object& record, const boost::json::object& fields);
// A key as the HTTP API shows it, with its spend. Nothing: Valkey does not answer, or it is gone.
Awaitable<std::optional<boost::json::object>> key_shown(Management& call, std::string hash);

}  // namespace seance::litellm
