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

}  // namespace

TEST_F(OutboxTest, SendsFramesInTheirOrderHoweverLittleTheSocketTakes) {
    std::string expected;
    for (int i = 0; i < 500; ++i) {
        auto frame = message(static_cast<char>('a' + i % 26), static_cast<std::size_t>(i * 7));
        expected += *frame;
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

    EXPECT_TRUE(outbox.drop_oldest_message());

    EXPECT_EQ(outbox.bytes(), ping->size() + message('b')->size());
    EXPECT_EQ(drain(), *ping + *message('b'));
    EXPECT_FALSE(outbox.drop_oldest_message());
}

TEST_F(OutboxTest, NeverTakesBackWhatThePeerHasTheBeginningOf) {
    auto large = message('a', 100'000);
    outbox.push(large);
    ASSERT_EQ(outbox.write_to(socket), Outbox::Written::Some);
    outbox.push(message('b'));
    EXPECT_TRUE(outbox.drop_oldest_message());
    EXPECT_FALSE(outbox.drop_oldest_message());
    outbox.push(message('c'));

    outbox.drop_unsent();

    EXPECT_EQ(drain(), *large);
}

TEST_F(OutboxTest, SaysWhenThePeerIsGone) {
    outbox.push(message('a'));
    ::shutdown(peer, SHUT_RDWR);

    EXPECT_EQ(outbox.write_to(socket), Outbox::Written::Failed);
}

}  // namespace seance::websocket
