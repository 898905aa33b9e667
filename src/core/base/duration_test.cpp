#include "core/base/duration.hpp"

#include <gtest/gtest.h>

namespace seance {

using namespace std::chrono_literals;

TEST(Duration, ParsesANumberAndAUnit) {
    EXPECT_EQ(parse_duration("500ms"), 500ms);
    EXPECT_EQ(parse_duration("5s"), 5s);
    EXPECT_EQ(parse_duration("2m"), 2min);
    EXPECT_EQ(parse_duration("7d"), 168h);
    for (const char* bad : {"", "5", "s", "-1s", "1.5s", "5 s", "5sec", "99999999999999d"})
        EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Duration, PrintsTheLargestUnitThatDivides) {
    EXPECT_EQ(print_duration(90s), "90s");
    EXPECT_EQ(print_duration(2min), "2m");
    EXPECT_EQ(print_duration(250ms), "250ms");
    EXPECT_EQ(print_duration(0s), "0ms");
}

TEST(Duration, PrintsMillisecondsWithThreeDigits) {
    EXPECT_EQ(print_ms(1500us), "1.500");
    EXPECT_EQ(print_ms(7us), "0.007");
    EXPECT_EQ(print_ms(12345678901ns), "12345.678");
    EXPECT_EQ(print_ms(0s), "0.000");
    EXPECT_EQ(print_ms(-1002us), "-1.002") << "a clock went back, or times were taken out of order";
}

TEST(IsoTimestamp, PrintsMillisecondsInUtc) {
    EXPECT_EQ(iso_timestamp(std::chrono::system_clock::time_point{1369353600123ms}),
              "2013-05-24T00:00:00.123Z");
}

TEST(IsoTimestamp, DoesNotRepeatASecondThatIsOver) {
    std::chrono::system_clock::time_point when{1369353600999ms};

    EXPECT_EQ(iso_timestamp(when), "2013-05-24T00:00:00.999Z");
    EXPECT_EQ(iso_timestamp(when + 1ms), "2013-05-24T00:00:01.000Z");
    EXPECT_EQ(iso_timestamp(when + 2ms), "2013-05-24T00:00:01.001Z");
    EXPECT_EQ(iso_timestamp(std::chrono::system_clock::time_point{-1ms}), "1969-12-31T23:59:59.999Z");
    EXPECT_EQ(iso_timestamp(std::chrono::system_clock::time_point{}), "1970-01-01T00:00:00.000Z");
}

}  // namespace seance
