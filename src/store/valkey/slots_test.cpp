#include "store/valkey/slots.hpp"

#include <gtest/gtest.h>

namespace seance::valkey {
namespace {

// Of the cluster specification.
TEST(Slots, AreThoseOfTheSpecification) {
    EXPECT_EQ(slot_of("123456789"), 0x31C3);
    EXPECT_EQ(slot_of("foo"), 12182);
    EXPECT_EQ(slot_of("{user1000}.following"), slot_of("{user1000}.followers"));
    EXPECT_NE(slot_of("foo{}{bar}"), slot_of("bar"));
    EXPECT_EQ(slot_of("foo{{bar}}zap"), slot_of("{bar"));
}

std::vector<Shard> read(std::string_view wire) {
    ReplyReader reader;
    reader.feed(wire);
    Address asked;
    asked.host = "seed.test";
    asked.password = SecretText("secret");
    return read_shards(*reader.next(), asked);
}

TEST(Shards, AreReadFromTheAnswerToClusterSlots) {
    auto shards = read(
        "*3\r\n"
        "*3\r\n:0\r\n:100\r\n*3\r\n$9\r\n127.0.0.1\r\n:7000\r\n$2\r\nid\r\n"
        "*4\r\n:101\r\n:16383\r\n*3\r\n$0\r\n\r\n:7001\r\n$2\r\nid\r\n*2\r\n$1\r\nr\r\n:7003\r\n"
        "*3\r\n:101\r\n:102\r\n*3\r\n$9\r\n127.0.0.1\r\n:7000\r\n$2\r\nid\r\n");

    ASSERT_EQ(shards.size(), 2u);
    EXPECT_EQ(shards[0].master.printed(), "127.0.0.1:7000");
    EXPECT_EQ(shards[0].slots.size(), 2u);
    EXPECT_EQ(shards[1].master.printed(), "seed.test:7001");
    EXPECT_EQ(shards[1].master.password.reveal(), "secret");
    EXPECT_EQ(shards[1].slots[0].last, 16383);
}

TEST(Shards, AreNoneOfAnAnswerThatIsNotUnderstood) {
    EXPECT_TRUE(read("*0\r\n").empty());
    EXPECT_TRUE(read("*1\r\n*1\r\n:0\r\n").empty());
    EXPECT_TRUE(read("*1\r\n*3\r\n:5\r\n:16384\r\n*2\r\n$1\r\nh\r\n:1\r\n").empty());
}

}  // namespace
}  // namespace seance::valkey
