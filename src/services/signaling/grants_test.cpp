#include "services/signaling/grants.hpp"

#include <gtest/gtest.h>

namespace seance::signaling {
using Right = Grants::Right;

TEST(Grants, GiveTheBestOfTheirTokensUntilItExpires) {
    RoomToken read, write;
    read.topics = {"a", "b"};
    read.expires = 200;
    write.topic_prefixes = {"a"};
    write.write = true;
    write.expires = 100;
    Grants grants;
    grants.add(read);
    grants.add(write);

    EXPECT_EQ(grants.on("a", 99), Right::Write);
    EXPECT_EQ(grants.on("a", 100), Right::Read);
    EXPECT_EQ(grants.on("abc", 99), Right::Write);
    EXPECT_EQ(grants.on("abc", 100), Right::None);
    EXPECT_EQ(grants.on("b", 99), Right::Read);
    EXPECT_EQ(grants.on("b", 200), Right::None);
    EXPECT_EQ(grants.on("c", 0), Right::None);
}

}  // namespace seance::signaling
