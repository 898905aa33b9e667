#include "net/files/date.hpp"

#include <gtest/gtest.h>

#include "net/http/render.hpp"

namespace seance::files {

TEST(HttpDate, ReadsAllThreeForms) {
    for (auto text :
         {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"})
        EXPECT_EQ(parse_http_date(text), 784111777) << text;
    EXPECT_EQ(parse_http_date("Wed Nov 16 08:49:37 1994"), 784975777);
    EXPECT_EQ(parse_http_date("Friday, 01-Jan-27 00:00:00 GMT"), 1798761600);
}

TEST(HttpDate, ReadsBackWhatTheServerPrints) {
    for (UnixSeconds when : {0L, 951782400L, 1709164799L, 4102444800L})
        EXPECT_EQ(parse_http_date(http::http_date(when)), when);
}

TEST(HttpDate, RefusesWhatIsNoDate) {
    for (auto text :
         {"", "yesterday", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT ",
          "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
          "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 94 08:49:37 GMT",
          "Sun, 06 Nov 1994 08:49:3"})
        EXPECT_FALSE(parse_http_date(text)) << text;
}

}  // namespace seance::files
