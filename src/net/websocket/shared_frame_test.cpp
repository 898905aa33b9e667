#include "net/websocket/shared_frame.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace seance::websocket {

TEST(SharedFrame, IsAWholeFrame) {
    EXPECT_EQ(share_frame(Opcode::Pong, "Hello")->text(), "\x8A\x05Hello");
}

TEST(SharedFrame, IsMadeInTheMemoryOfTheOneBefore) {
    const std::string text(1000, 'x');
    auto one = share_frame(Opcode::Text, text);
    const auto* memory = one->data();
    auto other = share_frame(Opcode::Text, text);
    EXPECT_NE(other->data(), memory);

    one.reset();

    EXPECT_EQ(share_frame(Opcode::Text, text)->data(), memory);
    EXPECT_TRUE(new_frame(1000)->text().empty());
}

TEST(SharedFrame, KeepsNoMemoryOfLargeOnes) {
    share_frame(Opcode::Text, std::string(100'000, 'x'));

    EXPECT_LT(new_frame(100'000 / 2)->text().capacity(), 100'000u);
}

TEST(SharedFrame, HoldsLittleMoreThanItsBytes) {
    share_frame(Opcode::Text, std::string(1900, 'x'));

    EXPECT_LE(share_frame(Opcode::Text, "short")->text().capacity(), 200u);
    EXPECT_GE(share_frame(Opcode::Text, std::string(1500, 'x'))->text().capacity(), 1500u);
}

TEST(GrowingFrame, TakesMessagesUntilItIsFullOrSealed) {
    const std::size_t each = Frame::kMostGathered / 4;
    auto frame = growing_frame(each);
    for (int i = 0; i < 4; ++i) {
        ASSERT_TRUE(frame->takes(each));
        frame->next(each).append(each, 'x');
    }
    EXPECT_EQ(frame->size(), Frame::kMostGathered);
    EXPECT_EQ(frame->messages(), 4u);
    EXPECT_FALSE(frame->takes(1));

    auto sealed = growing_frame(each);
    sealed->seal();
    EXPECT_FALSE(sealed->takes(1));
}

TEST(GrowingFrame, StaysAloneWhereASecondOneWouldNotFit) {
    EXPECT_TRUE(growing_frame(Frame::kMostGathered / 2)->grows());
    EXPECT_FALSE(growing_frame(Frame::kMostGathered / 2 + 1)->grows());
    EXPECT_FALSE(share_frame(Opcode::Text, "x")->grows());
}

TEST(GrowingFrame, HoldsLittleMoreThanItsBytesOnceItWaits) {
    auto frame = growing_frame(1000);
    frame->next(1000).append(100, 'x');
    ASSERT_GE(frame->text().capacity(), 4000u);

    frame->fit();

    EXPECT_LE(frame->text().capacity(), 264u);
    EXPECT_EQ(frame->text(), std::string(100, 'x'));
}

TEST(GrowingFrame, IsMadeInTheMemoryOfTheOneBeforeHoweverMuchThatGrew) {
    for (std::size_t each : {100, 600, 1000}) {
        std::thread([each] {
            auto frame = growing_frame(each);
            while (frame->takes(each)) frame->next(each).append(each, 'x');
            const auto* memory = frame->data();
            EXPECT_LE(frame->text().capacity(), Frame::kMostGathered);

            frame.reset();

            EXPECT_EQ(growing_frame(each)->data(), memory);
        }).join();
    }
}

// Another thread may be sending it.
TEST(SharedFrame, IsLeftAsItIsThoughItWaits) {
    std::thread([] {
        share_frame(Opcode::Text, std::string(70, 'x'));
        auto frame = share_frame(Opcode::Ping, {});
        ASSERT_GE(frame->text().capacity(), 80u) << "of the one before";
        const auto* memory = frame->data();

        frame->fit();

        EXPECT_EQ(frame->data(), memory);
    }).join();
}

TEST(SharedFrame, OfBytesThatAreOneIsOneMessage) {
    EXPECT_EQ(Frame("\x81\x02hi").messages(), 1u);
}

TEST(SharedFrame, OutlivesItsThread) {
    SharedFrame frame;
    std::thread([&] { frame = share_frame(Opcode::Text, "of another"); }).join();

    EXPECT_EQ(frame->text().substr(2), "of another");
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
