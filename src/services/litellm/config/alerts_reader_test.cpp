#include "services/litellm/config/alerts_reader.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Config configured(const std::string& general, config::Sources environment = {}) {
    Config config;
    config.environment = std::move(environment);
    read_alerts(*parse_yaml(general, "config.yaml", config.notes), config);
    return config;
}

}  // namespace

TEST(ReadAlerts, SendsEveryKindToTheUsualAddress) {
    auto config = configured("alerting: [slack]", {{"SLACK_WEBHOOK_URL", "https://hooks.test/T/secret"}});

    EXPECT_EQ(config.alerts.at("budget_alerts").at(0).reveal(), "https://hooks.test/T/secret");
    EXPECT_EQ(config.alerts.at("cooldown_deployment").size(), 1u);
    EXPECT_THAT(config.notes.errors, IsEmpty());
    EXPECT_THAT(configured("{}", {{"SLACK_WEBHOOK_URL", "https://hooks.test"}}).alerts, IsEmpty());
}

TEST(ReadAlerts, FollowsTypesAndAddressesOfTheirOwn) {
    auto config = configured(
        "alerting: [slack]\nalert_types: [budget_alerts, llm_exceptions]\n"
        "alert_to_webhook_url: {budget_alerts: ['https://a.test', 'https://b.test'], cooldown_deployment: "
        "x}");

    EXPECT_EQ(config.alerts.size(), 1u);
    EXPECT_EQ(config.alerts.at("budget_alerts").size(), 2u);
}

TEST(ReadAlerts, TakesFiveMinutesAsSlowUnlessItIsTold) {
    config::Sources hook{{"SLACK_WEBHOOK_URL", "https://hooks.test"}};
    EXPECT_EQ(configured("alerting: [slack]", hook).slow_after, std::chrono::minutes(5));
    EXPECT_EQ(configured("alerting: [slack]\nalerting_threshold: '1.5'", hook).slow_after,
              std::chrono::milliseconds(1500));

    auto odd = configured("alerting: [slack]\nalerting_threshold: -1", hook);
    EXPECT_EQ(odd.slow_after, std::chrono::minutes(5));
    EXPECT_THAT(odd.notes.errors,
                ElementsAre(HasSubstr("config.yaml:2: general_settings.alerting_threshold is -1")));
    EXPECT_THAT(configured("alerting_threshold: 9").notes.warnings,
                ElementsAre(HasSubstr("alerting_threshold is recognised, but has no effect")));
}

TEST(ReadAlerts, SaysWhyNothingIsSent) {
    EXPECT_THAT(configured("alerting: [slack]").notes.errors, ElementsAre(HasSubstr("SLACK_WEBHOOK_URL")));
    auto odd = configured("alerting: [slack, email]", {{"SLACK_WEBHOOK_URL", "hooks/secret"}});
    EXPECT_THAT(odd.notes.errors.at(0), HasSubstr("is no http or https address"));
    EXPECT_THAT(odd.notes.errors.at(0), Not(HasSubstr("secret")));
    EXPECT_THAT(odd.notes.warnings, ElementsAre(HasSubstr("\"email\" is not available")));
}

}  // namespace seance::litellm
