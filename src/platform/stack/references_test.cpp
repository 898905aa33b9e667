#include "platform/stack/references.hpp"

#include <gmock/gmock.h>

namespace seance::stack {
namespace {

TEST(Expand, FillsInReferencesAndKeepsTheRest) {
    EXPECT_EQ(*expand("redis://${host}:${port}/0", {{"host", "127.0.0.1"}, {"port", "6379"}}),
              "redis://127.0.0.1:6379/0");
    EXPECT_EQ(*expand("costs $5 and $${x}", {}), "costs $5 and ${x}");
    EXPECT_EQ(*expand("", {}), "");
}

TEST(Expand, NamesTheReferenceWithoutAValue) {
    EXPECT_EQ(expand("a ${b} ${c}", {}).error().what, "\"a ${b} ${c}\" refers to ${b}, which has no value");
}

TEST(References, PartATextFromWhatIsNamedInIt) {
    const auto parts = *parts_of("a$b $${c}${d}${e}f");

    ASSERT_EQ(parts.size(), 4U);
    EXPECT_EQ(parts[0].text, "a$b ${c}");
    EXPECT_TRUE(parts[1].is_reference && parts[2].is_reference);
    EXPECT_EQ(parts[2].text, "e");
    EXPECT_EQ(parts[3].text, "f");
    EXPECT_FALSE(parts_of("${").has_value());
}

TEST(References, AreListedInOrder) {
    EXPECT_THAT(*references_in("${a}-$${b}-${c}"), testing::ElementsAre("a", "c"));
    EXPECT_FALSE(references_in("${a").has_value());
}

}  // namespace
}  // namespace seance::stack
