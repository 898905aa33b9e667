#include "services/litellm/domain/raw_events.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {

TEST(RawEvents, GivesEveryByteBackHoweverItIsCut) {
    std::string text = ": hi\n\nevent: a\r\ndata: 1\r\n\r\ndata: 2\ndata: 3\r\rdata: 4";
    for (std::size_t size = 1; size <= text.size(); ++size) {
        RawEvents events;
        std::string bytes, data;
        auto take = [&](std::optional<RawEvents::Event> event) {
            bytes += event->bytes;
            data += event->data + "|";
        };
        for (std::size_t at = 0; at < text.size(); at += size) {
            events.feed(std::string_view(text).substr(at, size));
            while (auto event = events.next()) take(std::move(event));
        }
        if (auto event = events.rest()) take(std::move(event));
        EXPECT_EQ(bytes, text) << size;
        EXPECT_EQ(data, "|1|2\n3|4|") << size;
    }
}

TEST(RawEvents, HoldsNoMoreThanItMay) {
    RawEvents events(10);
    events.feed("data: 1\n\n");
    EXPECT_FALSE(events.overflowed());
    events.feed("data: 1234567890");
    EXPECT_TRUE(events.overflowed());
}

}  // namespace seance::litellm
