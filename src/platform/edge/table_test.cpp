#include "platform/edge/table.hpp"

#include <gtest/gtest.h>

namespace seance::edge {
namespace {

Table table() {
    Table made;
    made.add("shop.localhost", {Target::Service, "landing", 80, ""});
    made.add("api.shop.localhost", {Target::Service, "api", 81, ""});
    made.add("*.shop.localhost", {Target::Service, "other", 82, ""});
    return made;
}

std::string name(std::string_view authority) {
    const auto made = table();
    const auto* target = made.find(authority);
    return target ? target->name : "none";
}

TEST(EdgeTable, ComparesNamesWithoutCasePortAndFinalDot) {
    EXPECT_EQ(name("shop.localhost"), "landing");
    EXPECT_EQ(name("API.Shop.localhost:8080"), "api");
    EXPECT_EQ(name("api.shop.localhost.:8080"), "api");
}

TEST(EdgeTable, PrefersAnExactNameToAWildcardOfOneLabel) {
    EXPECT_EQ(name("pr-7.shop.localhost"), "other");
    EXPECT_EQ(name("a.b.shop.localhost"), "none");
}

TEST(EdgeTable, KnowsNoAddresses) {
    EXPECT_EQ(name("127.0.0.1:8080"), "none");
    EXPECT_EQ(name("[::1]:8080"), "none");
    EXPECT_EQ(name(""), "none");
}

}  // namespace
}  // namespace seance::edge
