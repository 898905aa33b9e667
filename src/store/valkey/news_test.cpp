#include "store/valkey/news.hpp"

#include <gtest/gtest.h>

namespace seance::valkey {
namespace {

TEST(News, AreToldOnceForAllConnectionsToAServer) {
    News news;

    EXPECT_TRUE(news.is_new("a:6379", Seen::Connected));
    EXPECT_FALSE(news.is_new("a:6379", Seen::Connected)) << "the next connection of the pool";
    EXPECT_TRUE(news.is_new("b:6379", Seen::Connected)) << "another server";
}

TEST(News, FollowAServerThatGoesAndComesBack) {
    News news;
    news.is_new("a", Seen::Connected);

    EXPECT_TRUE(news.is_new("a", Seen::Lost));
    EXPECT_FALSE(news.is_new("a", Seen::Lost));
    EXPECT_TRUE(news.is_new("a", Seen::Unreachable));
    EXPECT_FALSE(news.is_new("a", Seen::Lost)) << "a connection that notices late";
    EXPECT_FALSE(news.is_new("a", Seen::Unreachable));
    EXPECT_TRUE(news.is_new("a", Seen::Connected));
}

}  // namespace
}  // namespace seance::valkey
