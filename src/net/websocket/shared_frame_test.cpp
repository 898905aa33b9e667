#include "net/websocket/shared_frame.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace seance::websocket {

TEST(SharedFrame, IsAWholeFrame) {
    EXPECT_EQ(*share_frame(Opcode::Pong, "Hello"), "\x8A\x05Hello");
}

TEST(SharedFrame, IsMadeInTheMemoryOfTheOneBefore) {
    const std::string text(1000, 'x');
    auto one = share_frame(Opcode::Text, text);
    const auto* memory = one->data();
    auto other = share_frame(Opcode::Text, text);
    EXPECT_NE(other->data(), memory);

    one.reset();

    EXPECT_EQ(share_frame(Opcode::Text, text)->data(), memory);
    EXPECT_TRUE(new_frame(1000)->empty());
}

TEST(SharedFrame, KeepsNoMemoryOfLargeOnes) {
    share_frame(Opcode::Text, std::string(100'000, 'x'));

    EXPECT_LT(new_frame(100'000 / 2)->capacity(), 100'000u);
}

TEST(SharedFrame, HoldsLittleMoreThanItsBytes) {
    share_frame(Opcode::Text, std::string(1900, 'x'));

    EXPECT_LE(share_frame(Opcode::Text, "short")->capacity(), 200u);
    EXPECT_GE(share_frame(Opcode::Text, std::string(1500, 'x'))->capacity(), 1500u);
}

TEST(SharedFrame, OutlivesItsThread) {
    SharedFrame frame;
    std::thread([&] { frame = share_frame(Opcode::Text, "of another"); }).join();

    EXPECT_EQ(frame->substr(2), "of another");
}

// What a thread holds in data of its own goes after the memory that it has kept.
TEST(SharedFrame, IsFreedAfterItsThreadsMemory) {
    std::thread([] {
        thread_local std::vector<SharedFrame> last;
        last.push_back(nullptr);  // made before the memory, so freed after it
        for (int i = 0; i < 3; ++i) last.push_back(share_frame(Opcode::Text, std::string(300, 'x')));
        share_frame(Opcode::Text, "kept");
    }).join();
}

}  // namespace seance::websocket
