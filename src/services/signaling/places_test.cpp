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

TEST(CountedAddress, IsTheNetworkThatOneClientHasOfIpv6) {
    EXPECT_EQ(counted_address("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    EXPECT_EQ(counted_address("2001:db8:1:2::9%eth0"), counted_address("2001:db8:1:2::1"));
    EXPECT_EQ(counted_address("2001:db8:1:3::1"), "2001:db8:1:3::");
    EXPECT_EQ(counted_address("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(counted_address("::ffff:192.0.2.1"), "::ffff:192.0.2.1");
    EXPECT_EQ(counted_address("unknown"), "unknown");
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
