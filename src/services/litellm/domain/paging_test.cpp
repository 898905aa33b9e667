#include "services/litellm/domain/paging.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

using testing::HasSubstr;

TEST(Page, IsThePartOfAListThatIsAskedFor) {
    auto page = parse_page("page=3&size=2", "size", 10);

    ASSERT_TRUE(page);
    EXPECT_EQ(page->begin(), 4u);
    EXPECT_EQ(page->end(5), 5u);
    EXPECT_EQ(page->count(5), 3u);
}

TEST(Page, IsTheFirstOfTheUsualSizeIfNothingIsAsked) {
    for (auto query : {"", "page=&size=", "page_size=7"}) {
        auto page = parse_page(query, "size", 10);
        ASSERT_TRUE(page) << query;
        EXPECT_EQ(page->number, 1u) << query;
        EXPECT_EQ(page->size, 10u) << query;
    }
}

TEST(Page, RefusesWhatIsNoCountAndNamesIt) {
    for (auto wrong : {"x", "0", "-1", "1.5", "1e3", "%2B1", "99999999999999999999"})
        for (std::string name : {"page", "size"}) {
            auto page = parse_page(name + "=" + wrong, "size", 10);
            ASSERT_FALSE(page) << name << "=" << wrong;
            EXPECT_EQ(page.error().status, 400);
            EXPECT_EQ(page.error().param, name);
            EXPECT_THAT(page.error().message, HasSubstr("write a whole number from 1 up"));
        }
}

TEST(Page, IsNoLargerThanAnAnswerMayBe) {
    auto page = parse_page("page=99999999999&size=99999999999", "size", 10);

    ASSERT_TRUE(page);
    EXPECT_EQ(page->size, 1000u);
    EXPECT_GT(page->begin(), 5u);
    EXPECT_EQ(page->end(5), 5u);
}

}  // namespace
}  // namespace seance::litellm
