#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "services/litellm/config/node.hpp"

namespace seance::litellm {

// The keys of one section of config.yaml.
struct KnownKeys {
    std::string_view section;                           // "router_settings"; "" = the top level
    std::vector<std::string> used;                      // have their effect, or need none here
    std::vector<std::string> later;                     // LiteLLM knows them; they have no effect here
    std::map<std::string_view, std::string_view> vain;  // likewise, if they have that value
};

// All sections as text: known_keys_table.cpp says how.
std::string_view known_keys_table();

const KnownKeys& known_keys(std::string_view section);

// The warning about a key that LiteLLM knows and that changes nothing here.
std::string without_effect(const Node& value, std::string_view path);

// A warning for each key of `map` that has no effect, with its line, and for an unknown one the nearest
// known.
void warn_about_keys(const Node& map, std::string_view section, Notes& notes);

}  // namespace seance::litellm
