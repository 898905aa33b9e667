#include "net/files/range.hpp"

#include <gtest/gtest.h>

namespace seance::files {

TEST(Range, TakesOneRangeOfBytes) {
    struct Row {
        std::string_view field;
        std::uint64_t offset, length;
    };
    for (auto [field, offset, length] : {Row{"bytes=0-0", 0, 1},
                                         {"bytes=0-99", 0, 100},
                                         {"bytes=10-", 10, 90},
                                         {"bytes=-10", 90, 10},
                                         {"bytes=-500", 0, 100},
                                         {"bytes=99-", 99, 1},
                                         {"bytes=50-5000", 50, 50},
                                         {"BYTES=1-2", 1, 2},
                                         {"bytes= 1-2 ", 1, 2},
                                         {"bytes=0-18446744073709551615", 0, 100}}) {
        auto range = parse_range(field);
        ASSERT_TRUE(range) << field;
        EXPECT_EQ(satisfy(*range, 100), (ByteRange{offset, length})) << field;
    }
}

TEST(Range, IsUnsatisfiableBeyondTheEnd) {
    for (auto field : {"bytes=100-", "bytes=100-200", "bytes=-0"}) {
        auto range = parse_range(field);
        ASSERT_TRUE(range) << field;
        EXPECT_FALSE(satisfy(*range, 100)) << field;
    }
    EXPECT_FALSE(satisfy(*parse_range("bytes=0-"), 0));
    EXPECT_FALSE(satisfy(*parse_range("bytes=-5"), 0));
}

TEST(Range, IgnoresWhatItCannotServe) {
    for (auto field :
         {"", "bytes", "bytes=", "bytes=-", "bytes=1-2,4-5", "bytes=2-1", "bytes=a-b", "lines=1-2",
          "bytes=+1-2", "bytes=1", "bytes=1 - 2", "bytes=99999999999999999999-", "bytes=1-2-3", "bytes=0x1-"})
        EXPECT_FALSE(parse_range(field)) << field;
}

}  // namespace seance::files
