#include "services/signaling/places.hpp"

#include <gtest/gtest.h>

namespace seance::signaling {
using Answer = Places::Answer;

TEST(Places, AreLimitedInAllAndFreeAgainWhenGivenBack) {
    Places places(2, 0);
    auto first = places.take("a");
    EXPECT_EQ(places.take("a").answer, Answer::Taken);
    EXPECT_EQ(places.take("b").answer, Answer::Full);

    places.give_back(first.address);

    EXPECT_EQ(places.take("b").answer, Answer::Taken);
    EXPECT_EQ(places.taken(), 2u);
}

TEST(Places, AreLimitedForEachAddress) {
    Places places(10, 1);
    auto first = places.take("a");
    EXPECT_EQ(places.take("a").answer, Answer::AddressFull);
    EXPECT_EQ(places.take("b").answer, Answer::Taken);

    places.give_back(first.address);

    EXPECT_EQ(places.take("a").answer, Answer::Taken);
}

}  // namespace seance::signaling
