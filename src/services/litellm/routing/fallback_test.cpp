#include "services/litellm/routing/fallback.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {
namespace {

struct Walk {
    RoutingSettings settings;
    ClientFallbacks client;
    std::string first = "a", alias;

    // The targets, when each fails with `kind`.
    std::string all(ErrorClass kind = ErrorClass::InternalServer) const {
        FallbackWalk walk(settings, client);
        walk.begin(first, alias);
        std::string order, group = first;
        while (auto target = walk.next(group, kind)) {
            order += (order.empty() ? "" : " ") + target->model;
            group = target->model;
        }
        return order;
    }
};

}  // namespace

TEST(FallbackWalk, FollowsAListLeftToRightAndATargetsOwnListFirst) {
    Walk walk;
    walk.settings.fallbacks.add("a", {"b", "c"});
    walk.settings.fallbacks.add("b", {"d", "a"});

    EXPECT_EQ(walk.all(), "b d c") << "and never the same group twice";
}

TEST(FallbackWalk, TakesTheListOfTheAliasThatWasAskedForFirst) {
    Walk walk;
    walk.settings.fallbacks.add("a", {"b"});
    walk.settings.fallbacks.add("nick", {"c"});
    walk.settings.fallbacks.add("*", {"d"});

    walk.alias = "nick";
    EXPECT_EQ(walk.all(), "c d");
    walk.alias = "other";
    EXPECT_EQ(walk.all(), "b d") << "an alias without a list has that of its group";
}

TEST(FallbackWalk, EndsAfterMaxFallbacks) {
    Walk walk;
    walk.settings.fallbacks.add("a", {"b", "c", "d", "e", "f", "g"});
    EXPECT_EQ(walk.all(), "b c d e f");
    walk.settings.max_fallbacks = 1;
    EXPECT_EQ(walk.all(), "b");
}

TEST(FallbackWalk, TakesTheListForTheKindOfFailureBeforeTheGeneralOne) {
    Walk walk;
    walk.settings.fallbacks.add("a", {"general"});
    walk.settings.context_window_fallbacks.add("a", {"large"});
    walk.settings.content_policy_fallbacks.add("a", {"lenient"});

    EXPECT_EQ(walk.all(ErrorClass::ContextWindow), "large general");
    EXPECT_EQ(walk.all(ErrorClass::ContentPolicy), "lenient general");
    EXPECT_EQ(walk.all(ErrorClass::RateLimit), "general");
}

TEST(FallbackWalk, UsesTheStarForGroupsWithoutAListOfTheirOwn) {
    Walk walk;
    walk.settings.fallbacks.add("x", {"y"});
    walk.settings.fallbacks.add("*", {"rescue"});

    EXPECT_EQ(walk.all(), "rescue");
}

TEST(FallbackWalk, ListensToTheClient) {
    Walk walk;
    walk.settings.fallbacks.add("a", {"b"});
    walk.client.general = {{"mine"}, {"a", "{\"model\":\"a\",\"messages\":[]}"}};
    EXPECT_EQ(walk.all(), "mine a") << "the same model with another body is another try";

    walk.client.disabled = true;
    EXPECT_EQ(walk.all(), "");
}

TEST(FallbackWalk, NamesWhatThereIsAsLiteLlmDoes) {
    Walk walk;
    walk.settings.fallbacks.add("a", {"b", "c"});
    FallbackWalk one(walk.settings, walk.client);
    one.begin("a");
    EXPECT_EQ(one.available("a"), "['b', 'c']");
    EXPECT_EQ(one.available("z"), "None");
}

}  // namespace seance::litellm
