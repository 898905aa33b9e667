#include "platform/images/challenge.hpp"

#include <gtest/gtest.h>

namespace seance::images {
namespace {

TEST(Challenge, KeepsCommasInsideAScope) {
    auto challenges = parse_challenges(
        R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:o/n:pull,push")");

    ASSERT_EQ(challenges.size(), 1u);
    EXPECT_EQ(challenges[0].scheme, "bearer");
    EXPECT_EQ(challenges[0].parameters["realm"], "https://auth.docker.io/token");
    EXPECT_EQ(challenges[0].parameters["service"], "registry.docker.io");
    EXPECT_EQ(challenges[0].parameters["scope"], "repository:o/n:pull,push");
}

TEST(Challenge, TellsSeveralSchemesApart) {
    auto challenges = parse_challenges(R"(Negotiate, Basic realm="a, \"b\"" , BEARER Realm=x, error = "e")");

    ASSERT_EQ(challenges.size(), 3u);
    EXPECT_EQ(challenges[0].scheme, "negotiate");
    EXPECT_EQ(challenges[1].parameters["realm"], "a, \"b\"");
    EXPECT_EQ(challenges[2].scheme, "bearer");
    EXPECT_EQ(challenges[2].parameters["realm"], "x");
    EXPECT_EQ(challenges[2].parameters["error"], "e");
}

TEST(Challenge, PassesOverAnOpaqueWord) {
    auto challenges = parse_challenges("Negotiate YIIabc==, Basic realm=r");

    ASSERT_EQ(challenges.size(), 2u);
    EXPECT_EQ(challenges[1].parameters["realm"], "r");
}

TEST(Challenge, StopsAtWhatItCannotRead) {
    EXPECT_TRUE(parse_challenges("").empty());
    EXPECT_TRUE(parse_challenges("=x").empty());
    EXPECT_TRUE(parse_challenges("realm=\"x\"").empty()) << "a parameter without a scheme";
    EXPECT_TRUE(parse_challenges("Bearer realm=\"open")[0].parameters.empty());
    EXPECT_EQ(parse_challenges("Basic a=1, \x01, b=2")[0].parameters.size(), 1u);
}

TEST(Challenge, HasALimit) {
    std::string many;
    for (int i = 0; i < 20; ++i) many += "Basic,";
    EXPECT_EQ(parse_challenges(many).size(), kMostChallenges);
}

}  // namespace
}  // namespace seance::images
