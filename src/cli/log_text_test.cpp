#include "cli/log_text.hpp"

#include <gtest/gtest.h>

namespace seance::cli {
namespace {

LogText line_with(std::string message, std::map<std::string, std::string> attributes) {
    LogText line;
    line.message = std::move(message);
    line.severity = "info";
    line.attributes = std::move(attributes);
    return line;
}

TEST(LogText, ShowsOurEventWithItsFields) {
    const auto line = line_with("", {{"event", "\"listened\""},
                                     {"level", "\"info\""},
                                     {"port", "8765"},
                                     {"service", "\"backend\""},
                                     {"why", "\"two words\""}});
    EXPECT_EQ(readable(line), "listened port=8765 why=\"two words\"");
}

TEST(LogText, WritesNumbersAsPeopleDo) {
    EXPECT_EQ(readable(line_with("", {{"event", "\"served\""}, {"ms", "0.397"}, {"n", "12"}})),
              "served ms=0.397 n=12");
}

TEST(LogText, ShowsAPlainLineAsItIs) {
    EXPECT_EQ(readable(line_with("Ready to accept connections", {{"level", "\"info\""}})),
              "Ready to accept connections");
}

TEST(LogText, KeepsAnEventBesideAMessage) {
    EXPECT_EQ(readable(line_with("hello", {{"event", "\"greeted\""}})), "hello event=greeted");
}

TEST(LogText, LetsNoLineMoveTheCursor) {
    EXPECT_EQ(readable(line_with("a\x1b[2Jb\rc", {})), "a [2Jb c");
}

TEST(LogText, TakesTheLinesOwnLevelBeforeTheStreams) {
    auto line = line_with("", {{"level", "\"WARNING\""}});
    line.severity = "error";
    EXPECT_EQ(level_of(line), "warning");
    line.attributes.clear();
    EXPECT_EQ(level_of(line), "error");
}

TEST(LogText, RanksLevelsAndKnowsWhatIsNone) {
    EXPECT_LT(level_rank("debug"), level_rank("info"));
    EXPECT_LT(level_rank("WARN"), level_rank("error"));
    EXPECT_EQ(level_rank("loud"), -1);
}

TEST(LogText, GivesAttributesAsJsonAndWhatIsNoneAsText) {
    const auto attributes = attributes_of(line_with("", {{"n", "1"}, {"raw", "{not json"}}));
    EXPECT_EQ(attributes.at("n").to_number<int>(), 1);
    EXPECT_EQ(attributes.at("raw").as_string(), "{not json");
}

TEST(LogText, TakesAJsonLineApart) {
    const auto line = parse_log_text(
        R"({"ts":"2026-11-24T06:47:06.123Z","level":"warning","service":"api","event":"slow","ms":0.397})");
    EXPECT_EQ(readable(line), "slow ms=0.397");
    EXPECT_EQ(level_of(line), "warning");
    EXPECT_EQ(readable(parse_log_text(R"({"message":"hello","n":1})")), "hello n=1");
}

TEST(LogText, LeavesALineThatIsNoJsonObjectAsItIs) {
    for (const auto* line : {"Ready to accept connections", "{not json", "[1]", "7", ""})
        EXPECT_EQ(readable(parse_log_text(line)), line);
}

TEST(LogFilter, PassesWhatHoldsTheTextAndIsLoudEnough) {
    const auto warning = parse_log_text(R"({"level":"warning","event":"slow","ms":7})");
    const auto plain = parse_log_text("Ready");

    EXPECT_TRUE((LogFilter{"slow ms=7", ""}.passes(warning)));
    EXPECT_FALSE((LogFilter{"fast", ""}.passes(warning)));
    EXPECT_TRUE((LogFilter{"", "warn"}.passes(warning)));
    EXPECT_FALSE((LogFilter{"", "error"}.passes(warning)));
    EXPECT_TRUE((LogFilter{"", "info"}.passes(plain))) << "a level that is not known counts as info";
    EXPECT_FALSE((LogFilter{"", "warning"}.passes(plain)));
}

}  // namespace
}  // namespace seance::cli
