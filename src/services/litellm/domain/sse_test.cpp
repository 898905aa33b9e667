#include "services/litellm/domain/sse.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace seance::litellm {
namespace {

using testing::ElementsAre;
using Events = std::vector<std::string>;

Events parse(std::initializer_list<std::string_view> pieces) {
    SseParser parser;
    Events events;
    for (auto piece : pieces) {
        parser.feed(piece);
        while (auto event = parser.next()) events.push_back(*event);
    }
    if (auto rest = parser.rest()) events.push_back("rest " + *rest);
    return events;
}

const std::string kStream =
    "\xEF\xBB\xBF: comment\n\ndata: one\n\ndata:two\r\n\r\nevent: x\rid: 1\rdata: th\rdata: ree\r\r\n"
    "data: \xF0\x9F\x98\x80\xE2\x80\xA8\n: c\ndata\n\nretry: 5\n\n\ndata:  spaced \n\n";

}  // namespace

TEST(SseParser, ReadsEveryLineEndCommentAndField) {
    EXPECT_THAT(parse({kStream}),
                ElementsAre("one", "two", "th\nree", "\xF0\x9F\x98\x80\xE2\x80\xA8\n", " spaced "));
}

TEST(SseParser, GivesTheSameEventsWhereverTheBytesAreSplit) {
    auto whole = parse({kStream});
    std::string_view text = kStream;

    for (std::size_t i = 0; i <= text.size(); ++i)
        for (std::size_t j = i; j <= text.size(); ++j)
            ASSERT_EQ(parse({text.substr(0, i), text.substr(i, j - i), text.substr(j)}), whole)
                << i << " " << j;
}

TEST(SseParser, GivesEventsAsSoonAsTheyAreWhole) {
    SseParser parser;

    parser.feed("data: a\n");
    EXPECT_FALSE(parser.next());
    parser.feed("\n");
    EXPECT_EQ(parser.next(), "a");
    parser.feed("data: b\r\n\r");
    EXPECT_EQ(parser.next(), "b") << "a CR ends a line; the LF may never come";
}

TEST(SseParser, KeepsWhatTheEndCutsOffApart) {
    EXPECT_THAT(parse({"data: a\n\ndata: b"}), ElementsAre("a", "rest b"));
}

TEST(SseParser, RefusesAnEventWithoutEnd) {
    SseParser parser(100);

    parser.feed("data: " + std::string(200, 'x'));

    EXPECT_TRUE(parser.overflowed());
    EXPECT_FALSE(parser.next());
}

TEST(SseParser, TakesAnEventOfMegabytes) {
    SseParser parser;

    parser.feed("data: " + std::string(3 << 20, 'x') + "\n\n");

    EXPECT_EQ(parser.next()->size(), 3u << 20);
}

}  // namespace seance::litellm
