#pragma once
#include <string>
#include <string_view>

#include "services/litellm/domain/chat_request.hpp"
#include "services/litellm/routing/settings.hpp"

namespace seance::litellm {

// What the query of /v1/models asks for (reference, section 12.5).
struct ModelListing {
    enum class Fallbacks { General, ContextWindow, ContentPolicy };

    bool patterns = false;     // return_wildcard_routes: names with * too
    bool metadata = false;     // include_metadata: with the fallbacks of each
    bool groups = false;       // include_model_access_groups: the names of access groups too
    bool only_groups = false;  // only_model_access_groups: those and nothing else
    Fallbacks fallbacks = Fallbacks::General;
};

// An error names the parameter that makes no sense; unknown parameters are not looked at.
Answer<ModelListing> parse_model_listing(std::string_view query);

// One entry in OpenAI's form, with the fallbacks of `group` if they are asked for.
std::string model_entry(std::string_view name, std::string_view group, const ModelListing& listing,
                        const RoutingSettings& routing);

// One entry in the form of Anthropic's list of models.
std::string anthropic_model_entry(std::string_view name);

}  // namespace seance::litellm
