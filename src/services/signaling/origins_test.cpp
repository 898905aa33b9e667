#include "services/signaling/origins.hpp"

#include <gtest/gtest.h>

namespace seance::signaling {

TEST(Origins, AreAllAllowedWithoutAList) {
    EXPECT_TRUE(origin_allowed({}, "https://anyone.test"));
    EXPECT_TRUE(origin_allowed({"*"}, "https://anyone.test"));
    EXPECT_TRUE(origin_allowed({"https://a.test"}, ""));
}

TEST(Origins, HaveToMatchWholly) {
    const std::vector<std::string> list{"https://seance.dev", "http://localhost:3000"};

    EXPECT_TRUE(origin_allowed(list, "https://seance.dev"));
    EXPECT_TRUE(origin_allowed(list, "HTTPS://Seance.dev"));
    EXPECT_TRUE(origin_allowed(list, "http://localhost:3000"));
    for (auto other : {"http://seance.dev", "https://seance.dev:444", "https://seance.dev.evil.test",
                       "https://evil-seance.dev", "http://localhost", "null"})
        EXPECT_FALSE(origin_allowed(list, other)) << other;
}

TEST(Origins, MayBeAnyNameBelowADomain) {
    const std::vector<std::string> list{"https://*.seance.dev"};

    EXPECT_TRUE(origin_allowed(list, "https://app.seance.dev"));
    EXPECT_TRUE(origin_allowed(list, "https://a.b.seance.dev"));
    for (auto other :
         {"https://seance.dev", "https://evilseance.dev", "http://app.seance.dev", "https://.seance.dev.x"})
        EXPECT_FALSE(origin_allowed(list, other)) << other;
}

TEST(Origins, AreCheckedWhenTheyAreConfigured) {
    for (auto good : {"*", "https://seance.dev", "http://localhost:3000", "https://*.seance.dev",
                      "http://localhost:443", "https://seance.dev:8443"})
        EXPECT_EQ(origin_problem(good), "") << good;
    for (auto bad : {"seance.dev", "https://seance.dev/", "https://a.*.dev", "https://*.*.dev", "https://",
                     "https://seance.dev:443", "http://*.seance.dev:80"})
        EXPECT_NE(origin_problem(bad), "") << bad;
}

}  // namespace seance::signaling
