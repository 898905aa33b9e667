#include "services/signaling/replicas/held_notes.hpp"

#include <gtest/gtest.h>

namespace seance::signaling {

TEST(HeldNotes, ComeBackInOrderOnce) {
    HeldNotes held(100);
    EXPECT_EQ(held.push("a", "1"), 0u);
    EXPECT_EQ(held.push("b", "2"), 0u);

    auto all = held.take_all();

    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].channel + all[0].note + all[1].channel + all[1].note, "a1b2");
    EXPECT_TRUE(held.take_all().empty());
}

TEST(HeldNotes, LoseTheOldestBeyondTheirBytes) {
    HeldNotes held(100);
    for (char c = 'a'; c < 'k'; ++c) EXPECT_EQ(held.push(std::string(1, c), std::string(9, c)), 0u);

    EXPECT_EQ(held.push("k", std::string(11, 'k')), 2u);

    auto all = held.take_all();
    ASSERT_EQ(all.size(), 9u);
    EXPECT_EQ(all.front().channel, "c");
    EXPECT_EQ(all.back().channel, "k");
    EXPECT_EQ(held.push("x", std::string(100, 'x')), 1u) << "itself, for it alone is too large";
    EXPECT_TRUE(held.take_all().empty());
}

}  // namespace seance::signaling
