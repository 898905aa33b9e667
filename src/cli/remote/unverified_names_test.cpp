#include "cli/remote/unverified_names.hpp"

#include <gtest/gtest.h>

namespace seance::cli {
namespace {

CheckResult check(std::string service, bool good) {
    CheckResult made;
    made.service = std::move(service);
    made.check = "health";
    made.good = good;
    made.detail = good ? "200 OK" : "404 Not Found";
    return made;
}

TEST(UnverifiedNames, AreBlamedForWhatFailsUnderThemAlone) {
    std::vector<CheckResult> results{check("web", false), check("api", true)};

    EXPECT_TRUE(blame_names(results, {{"web", "shop.example"}}, "seance -e production"));

    EXPECT_EQ(results[0].detail,
              "404 Not Found; Railway has not verified shop.example: seance -e production domains shows the "
              "DNS records that it waits for");
    EXPECT_EQ(results[1].detail, "200 OK");
}

TEST(UnverifiedNames, AreNotAllOfItWhenAnotherServiceFailsToo) {
    std::vector<CheckResult> results{check("web", false), check("api", false)};

    EXPECT_FALSE(blame_names(results, {{"web", "shop.example"}}, "seance -e production"));

    EXPECT_EQ(results[1].detail, "404 Not Found");
}

}  // namespace
}  // namespace seance::cli
