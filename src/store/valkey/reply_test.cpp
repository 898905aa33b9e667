#include "store/valkey/reply.hpp"

#include <gtest/gtest.h>

#include <array>

namespace seance::valkey {
namespace {

using namespace std::string_view_literals;

TEST(ReplyReader, ReadsEveryKindOneByteAtATime) {
    ReplyReader reader;
    std::vector<Reply> replies;

    for (char c : "+OK\r\n-ERR no\r\n:-7\r\n$3\r\na\0b\r\n$-1\r\n*2\r\n$1\r\nx\r\n*1\r\n:5\r\n*-1\r\n"sv) {
        ASSERT_TRUE(reader.feed({&c, 1}));
        while (auto reply = reader.next()) replies.push_back(*reply);
    }

    ASSERT_EQ(replies.size(), 7u);
    EXPECT_TRUE(replies[0].ok());
    EXPECT_TRUE(replies[1].failed());
    EXPECT_EQ(replies[1].text, "ERR no");
    EXPECT_EQ(replies[2].integer, -7);
    EXPECT_EQ(replies[3].text, "a\0b"sv);
    EXPECT_TRUE(replies[4].nil());
    ASSERT_EQ(replies[5].list.size(), 2u);
    EXPECT_EQ(replies[5].list[1].list.at(0).integer, 5);
    EXPECT_TRUE(replies[6].nil());
}

TEST(ReplyReader, SaysWhyBytesAreNoReply) {
    ReplyReader reader;

    reader.feed("HTTP/1.1 400 Bad Request\r\n");

    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.broken());
    EXPECT_NE(reader.reason(), "");
}

TEST(ReplyReader, RefusesAReplyAboveItsLimit) {
    ReplyReader reader(1000);

    ASSERT_TRUE(reader.feed("$5000\r\n"));
    reader.next();

    EXPECT_FALSE(reader.feed(std::string(1001, 'x')));
    EXPECT_TRUE(reader.broken());
}

TEST(EncodeCommand, KeepsAnyBytes) {
    std::array<std::string_view, 3> arguments{"SET", "k\r\n", "\0\xff"sv};

    EXPECT_EQ(encode_command(arguments), "*3\r\n$3\r\nSET\r\n$3\r\nk\r\n\r\n$2\r\n\0\xff\r\n"sv);
}

}  // namespace
}  // namespace seance::valkey
