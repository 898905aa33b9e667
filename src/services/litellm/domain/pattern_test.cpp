#include "services/litellm/domain/pattern.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {

using testing::ElementsAre;
using testing::Optional;

TEST(Pattern, CapturesAnythingAndIsAnchoredAtTheStartOnly) {
    EXPECT_THAT(match_pattern("openai/*", "openai/gpt-4o"), Optional(ElementsAre("gpt-4o")));
    EXPECT_THAT(match_pattern("team-a/*", "team-a/z-ai/glm-4.6"), Optional(ElementsAre("z-ai/glm-4.6")));
    EXPECT_THAT(match_pattern("fast-*", "fast-"), Optional(ElementsAre("")));
    EXPECT_THAT(match_pattern("*-mini", "gpt-4o-mini-2024"), Optional(ElementsAre("gpt-4o")));
    EXPECT_THAT(match_pattern("a/*/b/*", "a/1/b/2/b/3"), Optional(ElementsAre("1/b/2", "3")));
    EXPECT_FALSE(match_pattern("openai/*", "x/openai/gpt"));
    EXPECT_FALSE(match_pattern("a*a", "a"));
    EXPECT_FALSE(match_pattern("ab*bc*", "abc"));
}

TEST(Pattern, FillsStarsLeftToRight) {
    EXPECT_EQ(fill_pattern("openrouter/*", {"z-ai/glm"}, "team/z-ai/glm"), "openrouter/z-ai/glm");
    EXPECT_EQ(fill_pattern("*/x/*", {"*", "b"}, "r"), "*/x/b");
    EXPECT_EQ(fill_pattern("openai/*", {"a", "b"}, "requested"), "requested");
    EXPECT_EQ(fill_pattern("groq/llama", {"a"}, "requested"), "groq/llama");
    EXPECT_EQ(fill_pattern("*/*", {"a"}, "requested"), "a/*");
}

TEST(Pattern, LongerIsMoreSpecific) {
    EXPECT_TRUE(more_specific("openai/gpt-*", "openai/*"));
    EXPECT_TRUE(more_specific("a*b*", "abc*"));
    EXPECT_FALSE(more_specific("abc*", "a*b*"));
}

}  // namespace seance::litellm
