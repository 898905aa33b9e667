#include "platform/remote/timestamp.hpp"

#include <gtest/gtest.h>

namespace seance::remote {
namespace {

TEST(Timestamp, KeepsNanoseconds) {
    auto time = parse_timestamp("2026-08-21T10:00:00.123456789Z");

    ASSERT_TRUE(time);
    EXPECT_EQ(print_timestamp(*time), "2026-08-21T10:00:00.123456789Z");
}

TEST(Timestamp, ReadsEverySpellingOfRfc3339) {
    auto noon = parse_timestamp("2026-08-21T12:00:00Z");

    EXPECT_EQ(parse_timestamp("2026-08-21t12:00:00.0z"), noon);
    EXPECT_EQ(parse_timestamp("2026-08-21 14:00:00+02:00"), noon);
    EXPECT_EQ(parse_timestamp("2026-08-21T11:30:00.000000000-00:30"), noon);
    EXPECT_EQ(print_timestamp(*parse_timestamp("2026-08-21T12:00:00.1234567891Z")),
              "2026-08-21T12:00:00.123456789Z");
}

TEST(Timestamp, RefusesWhatIsNone) {
    for (auto text : {"", "2026-08-21", "2026-02-30T00:00:00Z", "2026-08-21T24:00:00Z", "2026-08-21T10:00:00",
                      "2026-08-21T10:00:00.Z", "2026-08-21T10:00:00Zx", "9999-01-01T00:00:00Z",
                      "2026-8-21T10:00:00Z", "2026-08-21T10:00:00+2:00"})
        EXPECT_FALSE(parse_timestamp(text)) << text;
}

TEST(Timestamp, SortsBeforeTheEpochToo) {
    EXPECT_EQ(print_timestamp(*parse_timestamp("1969-12-31T23:59:59.5Z")), "1969-12-31T23:59:59.500000000Z");
}

}  // namespace
}  // namespace seance::remote
