#include "services/beholder/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace seance::beholder {
namespace {

struct Read {
    Settings settings;
    std::vector<std::string> problems;
};

Read read(config::Sources sources) {
    config::Reader reader(sources);
    auto settings = read_settings(reader);
    return {settings, reader.problems()};
}

}  // namespace

TEST(Settings, FollowTheRegion) {
    auto us = read({}).settings, eu = read({{"REGION", "eu"}}).settings;

    EXPECT_EQ(us.events, (http::Origin{"us.i.posthog.com", 443, true}));
    EXPECT_EQ(us.assets, (http::Origin{"us-assets.i.posthog.com", 443, true}));
    EXPECT_EQ(eu.events.host, "eu.i.posthog.com");
    EXPECT_EQ(eu.assets.host, "eu-assets.i.posthog.com");
}

TEST(Settings, TakeUpstreamsWithSchemeAndPort) {
    auto given = read({{"EVENTS_UPSTREAM", "http://127.0.0.1:9000"}});

    EXPECT_TRUE(given.problems.empty());
    EXPECT_EQ(given.settings.events, (http::Origin{"127.0.0.1", 9000, false}));
}

TEST(Settings, ReportEveryProblemAtOnce) {
    auto given = read({{"EVENTS_UPSTREAM", "posthog.com"},
                       {"ASSETS_UPSTREAM", "https://a/b"},
                       {"REGION", "mars"},
                       {"TRUSTED_PEERS", "all"},
                       {"VIA", "two words"}});

    EXPECT_EQ(given.problems.size(), 5u) << testing::PrintToString(given.problems);
    EXPECT_THAT(
        given.problems,
        testing::Contains(testing::HasSubstr("EVENTS_UPSTREAM is \"posthog.com\"; write scheme and host")));
}

TEST(Settings, KeepThePortsApart) {
    EXPECT_THAT(read({{"PORT", "81"}, {"ADMIN_PORT", "81"}}).problems,
                testing::ElementsAre(testing::HasSubstr("ADMIN_PORT is 81, the same as PORT")));
}

}  // namespace seance::beholder
