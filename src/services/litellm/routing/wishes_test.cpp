#include "services/litellm/routing/wishes.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

RoutingWishes wishes(const std::string& body, bool testing = true, http::FieldViews fields = {}) {
    static std::string kept;
    kept = body;
    return read_wishes(*parse_json(kept), fields, testing);
}

}  // namespace

TEST(RoutingWishes, ReadFallbacksAsNamesAndAsObjects) {
    auto read =
        wishes(R"({"model":"a","fallbacks":["b",{"model":"c","messages":[1]},{"a":["d"],"x":["y"]}]})");

    ASSERT_EQ(read.fallbacks.general.size(), 3u);
    EXPECT_EQ(read.fallbacks.general[0].model, "b");
    EXPECT_EQ(read.fallbacks.general[1].overrides, R"({"model":"c","messages":[1]})");
    EXPECT_EQ(read.fallbacks.general[2].model, "d") << "a map by group, as in config.yaml";
    EXPECT_TRUE(wishes(R"({"disable_fallbacks":true})").fallbacks.disabled);
    auto window = wishes(R"({"context_window_fallbacks":[{"a":["b"]}]})").fallbacks.context_window;
    ASSERT_TRUE(window.find("a"));
    EXPECT_THAT(*window.find("a"), ElementsAre("b"));
}

TEST(RoutingWishes, NameEveryFallbackInWhateverFormItIsWritten) {
    auto body = parse_json(R"({"model":"a","fallbacks":["b",{"model":"c","messages":[1]},{"a":["d"]}],)"
                           R"("context_window_fallbacks":{"a":["e"],"x":"f"},)"
                           R"("content_policy_fallbacks":[{"*":["g","h"]}]})");

    EXPECT_THAT(named_fallbacks(*body), ElementsAre("b", "c", "d", "e", "f", "g", "h"));
    EXPECT_THAT(named_fallbacks(*parse_json("{}")), IsEmpty());
}

TEST(RoutingWishes, SurviveNonsense) {
    for (auto body : {R"({"fallbacks":7})", R"({"fallbacks":[null,[],{}]})", R"({"tags":"x","metadata":[]})",
                      R"({"context_window_fallbacks":3,"mock_delay":"x"})"})
        EXPECT_THAT(wishes(body).fallbacks.general, IsEmpty()) << body;
}

TEST(RoutingWishes, GatherTagsFromBodyMetadataAndHeader) {
    http::FieldViews fields;
    fields.add({"x-litellm-tags", "c, a ,,d"});
    auto read = wishes(R"({"tags":["a"],"metadata":{"tags":["b"]}})", false, fields);

    EXPECT_THAT(read.tags, ElementsAre("a", "b", "c", "d"));
}

TEST(RoutingWishes, FailOnPurposeOnlyWhereThatIsAllowed) {
    auto body = R"({"mock_testing_context_fallbacks":true,"mock_timeout":true})";
    EXPECT_EQ(wishes(body).mock_failure, ErrorClass::ContextWindow);
    EXPECT_TRUE(wishes(body).mock_timeout);
    EXPECT_FALSE(wishes(body, false).mock_failure);
    EXPECT_FALSE(wishes(body, false).mock_timeout);
}

TEST(RoutingWishes, OverridesReplaceMembersOfTheBody) {
    auto body = parse_json(R"({"model":"a","temperature":1,"fallbacks":["x"]})");

    EXPECT_EQ(override_members(*body, R"({"model":"b","top_p":0.5})"),
              R"({"model":"b","temperature":1,"top_p":0.5})");
}

}  // namespace seance::litellm
