#include "net/websocket/flusher.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

#include "net/websocket/connection.hpp"

namespace seance::websocket {
namespace {

// Connections of one loop, whose other ends are looked at without waiting.
struct Crowd {
    explicit Crowd(std::size_t peers) {
        for (std::size_t i = 0; i < peers; ++i) {
            int ends[2];
            EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
            sockets.push_back(WebSocket::make(loop, TcpSocket(loop.executor(), ends[0]), options));
            sockets.back()->start(nullptr, "", "");
            far.push_back(ends[1]);
        }
    }
    ~Crowd() {
        for (auto& socket : sockets) socket->cancel();
        loop.context().poll();
        for (int fd : far) ::close(fd);
    }

    // In each of so many turns, one after the other, a frame to everybody; what the first had got before
    // each.
    std::vector<std::string> heard_before(int turns) {
        std::vector<std::string> heard;
        turn(turns, heard);
        loop.context().poll();
        return heard;
    }
    std::string hears(std::size_t peer) const {
        std::string bytes(1000, '\0');
        const auto got = ::recv(far[peer], bytes.data(), bytes.size(), MSG_DONTWAIT);
        bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return bytes;
    }

    Options options = [] {
        Options made;
        made.ping_interval = Duration::zero();
        return made;
    }();
    Loop loop;
    std::vector<std::shared_ptr<WebSocket>> sockets;
    std::vector<int> far;

  private:
    void turn(int left, std::vector<std::string>& heard) {
        if (left == 0) return;
        asio::post(loop.executor(), [this, left, &heard] {
            heard.push_back(hears(0));
            for (auto& socket : sockets) socket->send(share_frame(Opcode::Text, "x"));
            turn(left - 1, heard);
        });
    }
};

const std::string kFrame = "\x81\x01x";

}  // namespace

TEST(Flusher, SendsAtTheEndOfTheTurnToFew) {
    Crowd crowd(Flusher::kMany - 1);

    EXPECT_EQ(crowd.heard_before(3), (std::vector<std::string>{"", kFrame, kFrame}));
    EXPECT_EQ(crowd.hears(Flusher::kMany - 2), kFrame + kFrame + kFrame);
}

TEST(Flusher, SendsTogetherWhatTurnsInARowHaveForMany) {
    Crowd crowd(Flusher::kMany);

    EXPECT_EQ(crowd.heard_before(2), (std::vector<std::string>{"", ""}));
    for (std::size_t peer = 0; peer < Flusher::kMany; ++peer) EXPECT_EQ(crowd.hears(peer), kFrame + kFrame);
}

TEST(Flusher, KeepsNobodyWaitingForMoreThanAFewTurns) {
    Crowd crowd(Flusher::kMany);

    const auto heard = crowd.heard_before(Flusher::kMostTurns + 2);

    std::string all;
    for (unsigned turn = 0; turn <= Flusher::kMostTurns; ++turn) all += heard[turn];
    EXPECT_GE(all.size(), 2 * kFrame.size());
}

}  // namespace seance::websocket
