#include "services/signaling/replay/capture.hpp"

#include <gtest/gtest.h>

namespace seance::signaling {
namespace {

std::string text_of(std::string_view line) {
    auto event = parse_capture_line(line);
    return event ? event->text : "problem: " + event.error().what;
}

}  // namespace

TEST(CapturedEvent, IsReadFromItsLine) {
    auto event = parse_capture_line(R"({"t":12,"c":3,"e":"open"})");
    ASSERT_TRUE(event);
    EXPECT_EQ(event->kind, CapturedEvent::Open);
    EXPECT_EQ(event->ms, 12u);
    EXPECT_EQ(event->connection, 3u);
    EXPECT_EQ(parse_capture_line(R"({"t":1,"c":1,"e":"close"})")->kind, CapturedEvent::Close);
    EXPECT_EQ(text_of(R"({"t":1,"c":1,"e":"text","text":"{\"type\":\"ping\"}"})"), R"({"type":"ping"})");
}

TEST(CapturedEvent, WithoutContentIsOfTheSameKindSizeAndRoom) {
    EXPECT_EQ(text_of(R"({"t":1,"c":1,"e":"text","type":"subscribe","bytes":9,"rooms":["a","b"]})"),
              R"({"type":"subscribe","topics":["a","b"]})");
    auto publish = text_of(R"({"t":1,"c":1,"e":"text","type":"publish","bytes":200,"rooms":["a"]})");
    EXPECT_EQ(publish.size(), 200u);
    EXPECT_TRUE(publish.starts_with(R"({"type":"publish","topic":"a","data":"xxx)"));
    EXPECT_EQ(text_of(R"({"t":1,"c":1,"e":"text","type":"ping","bytes":15})"), R"({"type":"ping"})");
    EXPECT_EQ(text_of(R"({"t":1,"c":1,"e":"text","type":"bad","bytes":15})"), "bad");
}

TEST(CapturedEvent, SaysWhatIsWrongWithALine) {
    EXPECT_EQ(text_of("x"), "problem: is no JSON object");
    EXPECT_EQ(text_of(R"({"t":-1,"c":1,"e":"open"})"),
              "problem: needs t (milliseconds) and c (a connection's number)");
    EXPECT_EQ(text_of(R"({"t":1,"c":1,"e":"sing"})"), "problem: has an e that is not open, text or close");
    EXPECT_EQ(text_of(R"({"t":1,"c":1,"e":"text"})"),
              "problem: has neither text nor a size in bytes up to 64 MiB");
}

}  // namespace seance::signaling
