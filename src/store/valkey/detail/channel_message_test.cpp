#include "store/valkey/detail/channel_message.hpp"

#include <gtest/gtest.h>

#include <string>

namespace seance::valkey {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using State = ChannelMessage::State;

}  // namespace

TEST(ChannelMessage, IsReadInPlaceWithAnyBytesInIt) {
    for (auto kind : {"$7\r\nmessage"sv, "$8\r\nsmessage"sv}) {
        const auto one = "*3\r\n" + std::string(kind) + "\r\n$4\r\nroom\r\n$6\r\na\r\n\0$b\r\n"s;
        const auto two = one + "*3\r\n";

        auto message = read_channel_message(two);

        ASSERT_EQ(message.state, State::Whole);
        EXPECT_EQ(message.channel, "room");
        EXPECT_EQ(message.payload, "a\r\n\0$b"sv);
        EXPECT_EQ(message.size, one.size());
        EXPECT_EQ(message.payload.data(), two.data() + two.find("a\r\n"));
    }
}

TEST(ChannelMessage, IsBegunUntilItsLastByte) {
    const std::string whole = "*3\r\n$8\r\nsmessage\r\n$1\r\nc\r\n$12\r\nabcdefghijkl\r\n";
    for (std::size_t size = 0; size < whole.size(); ++size)
        ASSERT_EQ(read_channel_message(whole.substr(0, size)).state, State::Begun) << size;
    EXPECT_EQ(read_channel_message(whole).state, State::Whole);
}

TEST(ChannelMessage, IsNothingElse) {
    for (auto other :
         {"+PONG\r\n", "-ERR no\r\n", ":1\r\n", "*2\r\n$4\r\npong\r\n$0\r\n\r\n",
          "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", "*3\r\n$7\r\nmessage\r\n:1\r\n",
          "*3\r\n$7\r\nmessage\r\n$x\r\n", "*3\r\n$7\r\nmessage\r\n$-1\r\n",
          "*3\r\n$7\r\nmessage\r\n$1\r\ncc\r\n", "*3\r\n$7\r\nmessage\r\n$12345678901234567890\r\n",
          "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$0\r\nx\r\n"})
        EXPECT_EQ(read_channel_message(other).state, State::Other) << other;
}

}  // namespace seance::valkey
