#include "services/litellm/domain/model_listing.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "net/http/message.hpp"
#include "services/litellm/domain/json_build.hpp"

namespace seance::litellm {
namespace {

std::optional<bool> parse_flag(std::string_view text) {
    auto word = lower(text);
    for (std::string_view yes : {"true", "1", "yes", "on", "t", "y"})
        if (word == yes) return true;
    for (std::string_view no : {"false", "0", "no", "off", "f", "n"})
        if (word == no) return false;
    return std::nullopt;
}

const FallbackTable& table_of(ModelListing::Fallbacks which, const RoutingSettings& routing) {
    switch (which) {
        case ModelListing::Fallbacks::ContextWindow:
            return routing.context_window_fallbacks;
        case ModelListing::Fallbacks::ContentPolicy:
            return routing.content_policy_fallbacks;
        case ModelListing::Fallbacks::General:
            break;
    }
    return routing.fallbacks;
}

}  // namespace

Answer<ModelListing> parse_model_listing(std::string_view query) {
    ModelListing listing;
    struct {
        const char* name;
        bool& into;
    } flags[] = {{"return_wildcard_routes", listing.patterns},
                 {"include_metadata", listing.metadata},
                 {"include_model_access_groups", listing.groups},
                 {"only_model_access_groups", listing.only_groups}};
    for (auto& [name, into] : flags) {
        auto text = http::query_value(query, name);
        if (!text) continue;
        auto flag = parse_flag(*text);
        if (!flag)
            return bad_request(fmt::format("{} is \"{}\"; write true or false", name, text->substr(0, 50)),
                               name);
        into = *flag;
    }
    if (auto scope = http::query_value(query, "scope"); scope && *scope != "expand")
        return bad_request(
            fmt::format("scope is \"{}\"; only expand is known, or leave it out", scope->substr(0, 50)),
            "scope");
    auto type = http::query_value(query, "fallback_type");
    if (!type || !listing.metadata || *type == "general") return listing;
    if (*type == "context_window")
        listing.fallbacks = ModelListing::Fallbacks::ContextWindow;
    else if (*type == "content_policy")
        listing.fallbacks = ModelListing::Fallbacks::ContentPolicy;
    else
        return bad_request(
            fmt::format(
                "Invalid fallback_type \"{}\". Must be one of: general, context_window, content_policy",
                type->substr(0, 50)),
            "fallback_type");
    return listing;
}

// The date is the one that LiteLLM gives for every model.
std::string model_entry(std::string_view name, std::string_view group, const ModelListing& listing,
                        const RoutingSettings& routing) {
    JsonObject entry;
    entry.text("id", name)
        .raw("object", "\"model\"")
        .raw("created", "1677610602")
        .raw("owned_by", "\"openai\"");
    if (!listing.metadata) return entry.str();
    JsonArray fallbacks;
    if (auto targets = table_of(listing.fallbacks, routing).find(group))
        for (auto& target : *targets) fallbacks.add_text(target);
    return entry.raw("metadata", JsonObject().raw("fallbacks", fallbacks.str()).str()).str();
}

std::string anthropic_model_entry(std::string_view name) {
    return JsonObject()
        .raw("type", "\"model\"")
        .text("id", name)
        .text("display_name", name)
        .raw("created_at", "\"2023-02-28T18:56:42Z\"")
        .str();
}

}  // namespace seance::litellm
