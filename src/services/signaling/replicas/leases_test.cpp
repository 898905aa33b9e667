#include "services/signaling/replicas/leases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace seance::signaling {
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Leases, TakeANodeForDeadThatWasNotHeardOfForALease) {
    Leases leases(6s);
    const Instant start{1h};
    leases.heard_of(1, start);
    leases.heard_of(2, start + 1s);

    EXPECT_THAT(leases.expire(start + 5999ms), IsEmpty());
    EXPECT_THAT(leases.expire(start + 6s), ElementsAre(1));
    EXPECT_THAT(leases.expire(start + 6s), IsEmpty()) << "once";
    EXPECT_EQ(leases.size(), 1u);
}

TEST(Leases, SayWhenOneThatWasTakenForDeadIsBack) {
    Leases leases(6s);
    const Instant start{1h};
    EXPECT_FALSE(leases.heard_of(1, start)) << "a new one";
    leases.expire(start + 6s);

    EXPECT_TRUE(leases.heard_of(1, start + 7s));
    EXPECT_FALSE(leases.heard_of(1, start + 8s));
    EXPECT_EQ(leases.size(), 1u);
}

TEST(Leases, KnowWhetherThereIsOneNodeAlone) {
    Leases leases(6s);
    const Instant start{1h};
    EXPECT_FALSE(leases.only());
    leases.heard_of(1, start);
    EXPECT_EQ(leases.only(), 1u);
    leases.heard_of(2, start + 5s);
    EXPECT_FALSE(leases.only());

    leases.expire(start + 6s);
    EXPECT_FALSE(leases.only()) << "1 may be slow";
    const auto forgotten = start + 6s + Leases::kLongSilence * 6s;
    leases.heard_of(2, forgotten);
    leases.expire(forgotten - 1ms);
    EXPECT_FALSE(leases.only());
    leases.expire(forgotten);
    EXPECT_EQ(leases.only(), 2u);
}

TEST(Leases, StartAnewOnceNobodyCanBeHeardOf) {
    Leases leases(6s);
    const Instant start{1h};
    leases.heard_of(1, start);
    leases.expire(start + 6s);
    leases.heard_of(2, start + 6s);

    leases.clear();

    EXPECT_EQ(leases.size(), 0u);
    EXPECT_FALSE(leases.heard_of(1, start + 7s));
}

}  // namespace seance::signaling
