#include "platform/remote/retry.hpp"

#include <gtest/gtest.h>

#include "net/http/client.hpp"

namespace seance::remote {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, DoublesUpToItsLongestPauseAndEndsAfterItsAttempts) {
    RetryOptions options{.attempts = 7};
    Backoff backoff(options);

    std::vector<Duration> pauses;
    while (auto pause = backoff.next()) pauses.push_back(*pause);

    EXPECT_EQ(pauses, (std::vector<Duration>{500ms, 1s, 2s, 4s, 8s, 10s}));
    EXPECT_EQ(backoff.tries(), 7);
}

TEST(Backoff, WaitsAsLongAsItIsAskedButNotTooLong) {
    RetryOptions options;
    Backoff backoff(options);

    EXPECT_EQ(backoff.next(3s), 3s);
    EXPECT_EQ(backoff.next(options.longest_wait), options.longest_wait);
    EXPECT_FALSE(backoff.next(options.longest_wait + 1s));
}

TEST(Backoff, BeginsAnewAfterProgress) {
    Backoff backoff({.attempts = 2});
    EXPECT_EQ(backoff.next(), 500ms);
    EXPECT_FALSE(backoff.next());

    backoff.restart();

    EXPECT_EQ(backoff.next(), 500ms);
    EXPECT_EQ(backoff.tries(), 2);
}

TEST(RetryAfter, IsSecondsOrADate) {
    auto now = std::chrono::system_clock::from_time_t(1'000'000'000);  // Sun, 09 Sep 2001 01:46:40 GMT
    auto of = [&](std::string_view value) {
        http::Fields fields;
        fields.add("Retry-After", value);
        return retry_after(fields, now);
    };

    EXPECT_EQ(of("17"), 17s);
    EXPECT_EQ(of("Sun, 09 Sep 2001 01:47:40 GMT"), 60s);
    EXPECT_EQ(of("Sun, 09 Sep 2001 01:40:00 GMT"), 0s);
    EXPECT_FALSE(of("soon"));
    EXPECT_FALSE(of("-1"));
    EXPECT_EQ(of("18446744073709551615"), 365 * 24h);
    EXPECT_FALSE(retry_after(http::Fields{}, now));
}

TEST(WasNeverSent, IsTrueOnlyForFailuresBeforeTheRequest) {
    EXPECT_TRUE(was_never_sent(asio::error::connection_refused));
    EXPECT_TRUE(was_never_sent(http::ClientErrc::TlsFailed));
    EXPECT_FALSE(was_never_sent(asio::error::connection_reset));
    EXPECT_FALSE(was_never_sent(asio::error::timed_out));
    EXPECT_FALSE(was_never_sent(http::ClientErrc::Truncated));
}

TEST(Tame, MakesOneShortLine) {
    EXPECT_EQ(tame("a\r\n\x01  b "), "a b");
    EXPECT_EQ(tame("abcdef", 3), "abc…");
    EXPECT_EQ(tame("aéb", 2), "a…");
    EXPECT_EQ(tame("\xff\xfe"), "(a text that is not UTF-8)");
}

}  // namespace
}  // namespace seance::remote
