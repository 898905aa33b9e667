#include "services/litellm/domain/event_stream.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {

TEST(EventStream, ReadsWhatIsFramedHoweverItIsCut) {
    auto bytes =
        frame_event({{":event-type", "a"}, {":message-type", "event"}}, "{\"x\":1}") + frame_event({}, "");
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
        EventStream stream;
        std::vector<EventStream::Message> messages;
        for (std::size_t at = 0; at < bytes.size(); at += size) {
            stream.feed(std::string_view(bytes).substr(at, size));
            while (auto message = stream.next()) messages.push_back(std::move(*message));
        }
        ASSERT_EQ(messages.size(), 2u) << size;
        EXPECT_EQ(messages[0].header(":event-type"), "a");
        EXPECT_EQ(messages[0].payload, "{\"x\":1}");
        EXPECT_FALSE(stream.pending());
    }
}

TEST(EventStream, NoticesEveryChangedByte) {
    auto right = frame_event({{"name", "value"}}, "payload");
    for (std::size_t i = 0; i < right.size(); ++i) {
        auto wrong = right;
        wrong[i] = static_cast<char>(wrong[i] ^ 0x10);
        EventStream stream;
        stream.feed(wrong);
        EXPECT_FALSE(stream.next()) << i;
        EXPECT_TRUE(stream.broken()) << i;
    }
}

TEST(EventStream, HoldsNoMoreThanItMay) {
    EventStream stream(100);
    stream.feed(frame_event({}, std::string(200, 'x')).substr(0, 20));
    EXPECT_FALSE(stream.next());
    EXPECT_TRUE(stream.broken());
}

// Amazon's own example of a message without headers and payload.
TEST(EventStream, FramesAsAmazonDoes) {
    EXPECT_EQ(frame_event({}, ""),
              std::string("\x00\x00\x00\x10\x00\x00\x00\x00\x05\xc2\x48\xeb\x7d\x98\xc8\xff", 16));
}

}  // namespace seance::litellm
