// All clients of a server that died come back at once: 10,000 of them, 2,000 with a sanitizer or over several
// threads, or as many as STORM_CLIENTS says, and never more than there may be open files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <deque>

#include "core/runtime/open_files.hpp"
#include "tests/integration/signaling/peer.hpp"
#include "tests/integration/signaling/program.hpp"

namespace seance::signaling {
namespace {

using namespace testing_support;
using testing::HasSubstr;

constexpr std::size_t kPerRoom = 10;
constexpr std::size_t kOtherFiles = 400;  // of the test, and of the server: listeners, logs, pipes

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kMany = 2'000;
#else
constexpr std::size_t kMany = 10'000;
#endif

std::size_t count_of_clients(std::size_t wanted) {
    if (const char* text = std::getenv("STORM_CLIENTS")) {
        auto end = text + std::strlen(text);
        auto [at, error] = std::from_chars(text, end, wanted);
        if (error != std::errc() || at != end || wanted < kPerRoom)
            throw std::runtime_error("STORM_CLIENTS is \"" + std::string(text) +
                                     "\"; write a number from 10");
    }
    auto files = allow_open_files(wanted + kOtherFiles);
    auto most = files > kOtherFiles + kPerRoom ? files - kOtherFiles : kPerRoom;
    return std::min<std::size_t>(wanted, most) / kPerRoom * kPerRoom;
}

// Connections that do each step together: all ask before the first is answered.
class Crowd {
  public:
    Crowd(std::uint16_t port, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            clients_.emplace_back(port).patience = std::chrono::seconds(30);
        for (auto& client : clients_)
            client.sends(websocket::upgrade_request("signaling.test", "/", "dGhlIHNhbXBsZSBub25jZQ=="));
    }

    std::size_t accepted() {
        return count([](RawClient& client, std::size_t) {
            return client.receives_head().starts_with("HTTP/1.1 101 ");
        });
    }

    // How many are in their rooms, and were told nothing else meanwhile.
    std::size_t join() {
        for (std::size_t i = 0; i < clients_.size(); ++i)
            clients_[i].sends(masked(Opcode::Text, R"({"type":"subscribe","topics":[")" + room(i) + "\"]}") +
                              kPing);
        return count([](RawClient& client, std::size_t) { return client.receives_until(kPong) == kPong; });
    }

    // The first of each room says something. How many of everybody hear their room's message, once, and no
    // other.
    std::size_t hear_their_rooms() {
        for (std::size_t i = 0; i < clients_.size(); i += kPerRoom)
            clients_[i].sends(
                masked(Opcode::Text, R"({"type":"publish","topic":")" + room(i) + R"(","data":"here"})") +
                kPing);
        auto heard = [](RawClient& client, std::size_t i) {
            return client.receives_until(kPong) == relayed(room(i), "here", kPerRoom) + kPong;
        };
        // Once these have their answers, all has been said.
        std::size_t right = 0;
        for (std::size_t i = 0; i < clients_.size(); i += kPerRoom) right += heard(clients_[i], i);
        for (std::size_t i = 0; i < clients_.size(); ++i)
            if (i % kPerRoom != 0) clients_[i].sends(kPing);
        for (std::size_t i = 0; i < clients_.size(); ++i)
            if (i % kPerRoom != 0) right += heard(clients_[i], i);
        return right;
    }

    std::size_t cut() {
        return count([](RawClient& client, std::size_t) { return client.sees_close(); });
    }

  private:
    template <class Does>  // bool(RawClient&, std::size_t)
    std::size_t count(Does does) {
        std::size_t those = 0;
        for (std::size_t i = 0; i < clients_.size(); ++i) those += does(clients_[i], i) ? 1 : 0;
        return those;
    }
    static std::string room(std::size_t client) { return "room-" + std::to_string(client / kPerRoom); }

    static inline const std::string kPing = masked(Opcode::Text, R"({"type":"ping"})");
    std::deque<RawClient> clients_;
};

void expect_all_back(const std::string& threads, std::size_t wanted) {
    auto many = count_of_clients(wanted);
    Program::Settings settings{{"THREADS", threads}};
    {
        Program before(settings);
        settings["PORT"] = std::to_string(before.port());
        Crowd crowd(before.port(), many);
        ASSERT_EQ(crowd.accepted(), many);
        ASSERT_EQ(crowd.join(), many);
        before.kill();
        ASSERT_EQ(crowd.cut(), many);
    }

    Program after(settings);
    Crowd crowd(after.port(), many);

    EXPECT_EQ(crowd.accepted(), many);
    EXPECT_EQ(crowd.join(), many);
    EXPECT_EQ(crowd.hear_their_rooms(), many);
    EXPECT_THAT(get(after.port(), "/health"), HasSubstr("\"connections\":" + std::to_string(many) + ","));
}

}  // namespace

TEST(SignalingStorm, AllAreBackAtOnceAfterTheirServerWasKilled) {
    expect_all_back("1", kMany);
}

TEST(SignalingStorm, AllAreBackOnSeveralThreads) {
    expect_all_back("3", 2'000);
}

}  // namespace seance::signaling
