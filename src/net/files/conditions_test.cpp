#include "net/files/conditions.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace seance::files {
namespace {

constexpr auto kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr auto kEarlier = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr auto kLater = "Sun, 06 Nov 1994 08:49:38 GMT";
const Validators kFile{.etag = "\"abc\"", .modified = 784111777, .date_is_strong = true};

using Lines = std::vector<http::Field>;

http::FieldViews fields_of(const Lines& lines) {
    http::FieldViews fields;
    for (const auto& line : lines) fields.add(line);
    return fields;
}

struct Row {
    Lines lines;
    Condition outcome;
};

void expect_rows(const std::vector<Row>& rows) {
    for (const auto& row : rows) {
        std::string shown;
        for (const auto& line : row.lines)
            shown.append(line.name).append(": ").append(line.value).append("; ");
        EXPECT_EQ(evaluate(fields_of(row.lines), kFile), row.outcome) << shown;
    }
}

}  // namespace

TEST(IfNoneMatch, ComparesWeaklyOverLists) {
    expect_rows({{{}, Condition::Send},
                 {{{"If-None-Match", "\"abc\""}}, Condition::NotModified},
                 {{{"if-none-match", "W/\"abc\""}}, Condition::NotModified},
                 {{{"If-None-Match", "*"}}, Condition::NotModified},
                 {{{"If-None-Match", "\"x\", \"a,b\" ,W/\"abc\""}}, Condition::NotModified},
                 {{{"If-None-Match", "\"x\""}, {"If-None-Match", "\"abc\""}}, Condition::NotModified},
                 {{{"If-None-Match", "\"abcd\""}}, Condition::Send},
                 {{{"If-None-Match", "abc"}}, Condition::Send},
                 {{{"If-None-Match", ""}}, Condition::Send},
                 {{{"If-None-Match", "\"abc"}}, Condition::Send}});
}

TEST(IfModifiedSince, CountsOnlyWithoutIfNoneMatch) {
    expect_rows({{{{"If-Modified-Since", kDate}}, Condition::NotModified},
                 {{{"If-Modified-Since", kLater}}, Condition::NotModified},
                 {{{"If-Modified-Since", kEarlier}}, Condition::Send},
                 {{{"If-Modified-Since", "never"}}, Condition::Send},
                 {{{"If-Modified-Since", kDate}, {"If-None-Match", "\"x\""}}, Condition::Send},
                 {{{"If-Modified-Since", kEarlier}, {"If-None-Match", "\"abc\""}}, Condition::NotModified}});
}

TEST(IfMatch, ComparesStronglyAndComesFirst) {
    expect_rows({{{{"If-Match", "\"abc\""}}, Condition::Send},
                 {{{"If-Match", "*"}}, Condition::Send},
                 {{{"If-Match", "W/\"abc\""}}, Condition::Failed},
                 {{{"If-Match", "\"x\""}}, Condition::Failed},
                 {{{"If-Match", "\"x\""}, {"If-None-Match", "\"abc\""}}, Condition::Failed},
                 {{{"If-Match", "\"abc\""}, {"If-None-Match", "\"abc\""}}, Condition::NotModified},
                 {{{"If-Match", "\"abc\""}, {"If-Unmodified-Since", kEarlier}}, Condition::Send}});
}

TEST(IfUnmodifiedSince, FailsWhenTheFileIsNewer) {
    expect_rows({{{{"If-Unmodified-Since", kDate}}, Condition::Send},
                 {{{"If-Unmodified-Since", kEarlier}}, Condition::Failed},
                 {{{"If-Unmodified-Since", "never"}}, Condition::Send}});
}

TEST(IfRange, ComparesStrongly) {
    auto applies = [](const Lines& lines) { return range_applies(fields_of(lines), kFile); };

    EXPECT_TRUE(applies({}));
    EXPECT_TRUE(applies({{"If-Range", "\"abc\""}}));
    EXPECT_TRUE(applies({{"If-Range", kDate}}));
    for (auto value : {"W/\"abc\"", "\"x\"", kEarlier, kLater, "*", ""})
        EXPECT_FALSE(applies({{"If-Range", value}})) << value;
}

TEST(IfRange, DoesNotTrustADateOfTheSecondInWhichTheFileWasRead) {
    Validators fresh = kFile;
    fresh.date_is_strong = false;

    EXPECT_FALSE(range_applies(fields_of({{"If-Range", kDate}}), fresh));
}

}  // namespace seance::files
