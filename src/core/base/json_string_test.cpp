#include "core/base/json_string.hpp"

#include <gtest/gtest.h>

namespace seance {

TEST(UnescapeJson, TakesEveryEscape) {
    EXPECT_EQ(unescape_json(R"(a\"\\\/\b\f\n\r\t\u0041)", LoneSurrogate::Keep), "a\"\\/\b\f\n\r\tA");
    EXPECT_EQ(unescape_json(R"(\u00e9\u20AC\ud834\udd1e)", LoneSurrogate::Keep), "é€𝄞");
}

TEST(UnescapeJson, KeepsOrReplacesHalfAPair) {
    EXPECT_EQ(unescape_json(R"(\ud800x)", LoneSurrogate::Keep), "\xED\xA0\x80x");
    EXPECT_EQ(unescape_json(R"(\ud800\ud834\udd1e)", LoneSurrogate::Replace), "\xEF\xBF\xBD𝄞");
    EXPECT_EQ(unescape_json(R"(\udc00)", LoneSurrogate::Replace), "\xEF\xBF\xBD");
}

}  // namespace seance
