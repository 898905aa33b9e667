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

TEST(References, AreListedInOrder) {
    EXPECT_THAT(*references_in("${a}-$${b}-${c}"), testing::ElementsAre("a", "c"));
    EXPECT_FALSE(references_in("${a").has_value());
}

}  // namespace
}  // namespace seance::stack
