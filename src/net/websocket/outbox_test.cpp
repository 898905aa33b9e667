#include "net/websocket/outbox.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace seance::websocket {
namespace {

// Both ends of a connection that takes little at once.
struct OutboxTest : testing::Test {
    OutboxTest() {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
        int small = 4096;
        ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
        socket = stream::TcpSocket(context.get_executor(), ends[0]);
        peer = ends[1];
    }
    ~OutboxTest() override { ::close(peer); }
    std::string receive() {
        std::string all(1 << 20, '\0');
        auto n = ::recv(peer, all.data(), all.size(), MSG_DONTWAIT);
        all.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
        return all;
    }
    // Everything that is in the outbox, written and read in turns.
    std::string drain() {
        std::string all;
        while (outbox.write_to(socket) == Outbox::Written::Some) all += receive();
        for (auto more = receive(); !more.empty(); more = receive()) all += more;
        return all;
    }
    asio::io_context context;
    stream::TcpSocket socket{context.get_executor()};
    int peer = -1;
    Outbox outbox;
};

SharedFrame message(char letter, std::size_t size = 100) {
    return share_frame(Opcode::Text, std::string(size, letter));
}

SharedFrame growing(std::string_view text) {
    auto frame = growing_frame(1000);
    frame->next(text.size()) += text;
    return frame;
}

}  // namespace

TEST_F(OutboxTest, SendsFramesInTheirOrderHoweverLittleTheSocketTakes) {
    std::string expected;
    for (int i = 0; i < 500; ++i) {
        auto frame = message(static_cast<char>('a' + i % 26), static_cast<std::size_t>(i * 7));
        expected += frame->text();
        outbox.push(frame);
    }
    EXPECT_EQ(outbox.bytes(), expected.size());

    EXPECT_EQ(drain(), expected);

    EXPECT_TRUE(outbox.empty());
    EXPECT_EQ(outbox.bytes(), 0u);
}

TEST_F(OutboxTest, DropsTheOldestMessageAndNoPing) {
    auto ping = share_frame(Opcode::Ping, "p");
    outbox.push(ping);
    for (char letter : {'a', 'b'}) outbox.push(message(letter));

    EXPECT_EQ(outbox.drop_oldest_message(), 1u);

    EXPECT_EQ(outbox.bytes(), ping->size() + message('b')->size());
    EXPECT_EQ(drain(), ping->text() + message('b')->text());
    EXPECT_EQ(outbox.drop_oldest_message(), 0u);
}

TEST_F(OutboxTest, NeverTakesBackWhatThePeerHasTheBeginningOf) {
    auto large = message('a', 100'000);
    outbox.push(large);
    ASSERT_EQ(outbox.write_to(socket), Outbox::Written::Some);
    outbox.push(message('b'));
    EXPECT_EQ(outbox.drop_oldest_message(), 1u);
    EXPECT_EQ(outbox.drop_oldest_message(), 0u);
    outbox.push(message('c'));

    outbox.drop_unsent();

    EXPECT_EQ(drain(), large->text());
}

TEST_F(OutboxTest, SendsWhatItsLastFrameHasGrownBy) {
    auto frame = growing("one");
    EXPECT_TRUE(outbox.push(frame));
    frame->next(3) += "two";
    EXPECT_EQ(outbox.bytes(), 6u);

    EXPECT_EQ(drain(), "onetwo");

    EXPECT_FALSE(frame->grows()) << "it has been sent";
    EXPECT_EQ(outbox.bytes(), 0u);
}

TEST_F(OutboxTest, SealsAFrameThatSomethingFollows) {
    auto frame = growing("one");
    outbox.push(frame);
    frame->next(3) += "two";

    outbox.push(message('a'));

    EXPECT_FALSE(frame->grows());
    EXPECT_EQ(outbox.bytes(), 6 + message('a')->size());
}

TEST_F(OutboxTest, CountsAFrameThatAnotherHasSealed) {
    Outbox other;
    auto frame = growing("one");
    outbox.push(frame);
    frame->next(3) += "two";
    other.push(frame);
    other.push(message('a'));

    outbox.push(message('b'));

    EXPECT_EQ(outbox.bytes(), 6 + message('b')->size());
    EXPECT_EQ(other.bytes(), 6 + message('a')->size());
}

TEST_F(OutboxTest, LetsNoFrameGrowThatWaits) {
    auto large = message('a', 100'000);
    auto before = growing("before");
    outbox.push(large);
    outbox.push(before);
    ASSERT_EQ(outbox.write_to(socket), Outbox::Written::Some);
    auto after = growing("after");

    EXPECT_FALSE(outbox.push(after));

    for (const auto& frame : {before, after}) {
        EXPECT_FALSE(frame->grows());
        EXPECT_LE(frame->text().capacity(), 100u) << "nor hold more than it needs";
    }
    EXPECT_EQ(drain(), large->text() + "beforeafter");
    EXPECT_TRUE(outbox.push(growing("now")));
}

TEST_F(OutboxTest, DropsWhatWasGatheredTogether) {
    auto gathered = growing(message('a')->text());
    outbox.push(gathered);
    gathered->next(102) += message('b')->text();
    outbox.push(message('c'));

    EXPECT_EQ(outbox.drop_oldest_message(), 2u);

    EXPECT_EQ(drain(), message('c')->text());
}

TEST_F(OutboxTest, SaysWhenThePeerIsGone) {
    outbox.push(message('a'));
    ::shutdown(peer, SHUT_RDWR);

    EXPECT_EQ(outbox.write_to(socket), Outbox::Written::Failed);
}

}  // namespace seance::websocket
