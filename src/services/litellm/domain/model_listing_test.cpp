#include "services/litellm/domain/model_listing.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {

TEST(ModelListing, ReadsFlagsAsTheyAreWritten) {
    for (auto yes : {"true", "True", "1", "yes", "on"})
        EXPECT_TRUE(parse_model_listing(std::string("return_wildcard_routes=") + yes)->patterns) << yes;
    for (auto no : {"return_wildcard_routes=false", "return_wildcard_routes=0", "", "other=1"})
        EXPECT_FALSE(parse_model_listing(no)->patterns) << no;
    auto all = parse_model_listing(
        "include_metadata=true&include_model_access_groups=1&only_model_access_groups=on&scope=expand&"
        "fallback_type=content_policy");
    ASSERT_TRUE(all);
    EXPECT_TRUE(all->metadata && all->groups && all->only_groups);
    EXPECT_EQ(all->fallbacks, ModelListing::Fallbacks::ContentPolicy);
}

TEST(ModelListing, NamesTheParameterThatMakesNoSense) {
    for (auto [query, param] :
         {std::pair("return_wildcard_routes=perhaps", "return_wildcard_routes"),
          std::pair("include_metadata=", "include_metadata"), std::pair("scope=all", "scope"),
          std::pair("include_metadata=true&fallback_type=x", "fallback_type")}) {
        auto listing = parse_model_listing(query);
        ASSERT_FALSE(listing) << query;
        EXPECT_EQ(listing.error().status, 400);
        EXPECT_EQ(listing.error().param, param);
    }
    EXPECT_TRUE(parse_model_listing("fallback_type=x")) << "without metadata it is not looked at";
}

TEST(ModelListing, ShowsTheFallbacksOfTheKindThatIsAskedFor) {
    RoutingSettings routing;
    routing.fallbacks.add("big", {"small", "tiny"});
    routing.context_window_fallbacks.add("*", {"long"});
    ModelListing listing{.metadata = true};
    EXPECT_EQ(model_entry("nick", "big", listing, routing),
              R"({"id":"nick","object":"model","created":1677610602,"owned_by":"openai",)"
              R"("metadata":{"fallbacks":["small","tiny"]}})");

    listing.fallbacks = ModelListing::Fallbacks::ContextWindow;
    EXPECT_TRUE(
        model_entry("big", "big", listing, routing).ends_with(R"("metadata":{"fallbacks":["long"]}})"));
    listing.fallbacks = ModelListing::Fallbacks::ContentPolicy;
    EXPECT_TRUE(model_entry("big", "big", listing, routing).ends_with(R"("metadata":{"fallbacks":[]}})"));
    EXPECT_EQ(model_entry("a\"b", "", {}, routing),
              R"({"id":"a\"b","object":"model","created":1677610602,"owned_by":"openai"})");
}

}  // namespace seance::litellm
