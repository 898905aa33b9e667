#include "services/litellm/config/routing_reader.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

struct Read {
    RoutingSettings settings;
    Notes notes;
};

Read read(const std::string& router, const std::string& general = "{}") {
    Read result;
    auto first = parse_yaml(general, "c.yaml", result.notes);
    auto second = parse_yaml(router, "c.yaml", result.notes);
    result.settings = read_routing(*first, *second, result.notes);
    return result;
}

}  // namespace

TEST(RoutingReader, HasLiteLlmsDefaults) {
    auto settings = read("{}").settings;

    EXPECT_EQ(settings.strategy, Strategy::SimpleShuffle);
    EXPECT_EQ(settings.num_retries, 2);
    EXPECT_EQ(settings.timeout, seconds(6000));
    EXPECT_EQ(settings.cooldown_time, seconds(5));
    EXPECT_EQ(settings.max_fallbacks, 5);
    EXPECT_FALSE(settings.allowed_fails);
    EXPECT_FALSE(settings.hedge_after);
}

TEST(RoutingReader, TakesTheRoutersValueWhereBothSpeak) {
    auto settings = read("{num_retries: '5', fallbacks: [{a: [b]}]}",
                         "{num_retries: 1, cooldown_time: 30, fallbacks: [{a: [z]}], default_fallbacks: [d]}")
                        .settings;

    EXPECT_EQ(settings.num_retries, 5);
    EXPECT_EQ(settings.cooldown_time, seconds(30));
    EXPECT_THAT(*settings.fallbacks.find("a"), ElementsAre("b"));
}

TEST(RoutingReader, KeepsDefaultFallbacksOfOneSectionBesideTheListOfTheOther) {
    auto lists = read("{fallbacks: [{a: [b]}]}", "{default_fallbacks: [last], num_retries: 1}").settings;
    auto both = read("{default_fallbacks: [routers]}", "{default_fallbacks: [others]}").settings;

    EXPECT_THAT(*lists.fallbacks.find("a"), ElementsAre("b"));
    EXPECT_THAT(*lists.fallbacks.find("x"), ElementsAre("last"));
    EXPECT_THAT(*both.fallbacks.find("x"), ElementsAre("routers"));
}

TEST(RoutingReader, ReadsFallbacksOfEveryKind) {
    auto settings = read(
                        "fallbacks: [{a: [b, c]}, {d: e}]\n"
                        "default_fallbacks: [last]\n"
                        "context_window_fallbacks: [{a: [large]}]\n"
                        "content_policy_fallbacks: {a: [lenient]}\n")
                        .settings;

    EXPECT_THAT(*settings.fallbacks.find("a"), ElementsAre("b", "c"));
    EXPECT_THAT(*settings.fallbacks.find("d"), ElementsAre("e"));
    EXPECT_THAT(*settings.fallbacks.find("other"), ElementsAre("last"));
    EXPECT_THAT(*settings.context_window_fallbacks.find("a"), ElementsAre("large"));
    EXPECT_THAT(*settings.content_policy_fallbacks.find("a"), ElementsAre("lenient"));
}

TEST(RoutingReader, ReadsPoliciesAndStrategies) {
    auto result = read(
        "routing_strategy: latency-based-routing\n"
        "routing_strategy_args: {ttl: 10, lowest_latency_buffer: '0.5', max_latency_list_size: 4}\n"
        "retry_policy: {TimeoutErrorRetries: 4, BadRequestErrorRetries: 0}\n"
        "allowed_fails_policy: {RateLimitErrorAllowedFails: 9}\n"
        "allowed_fails: 3\n"
        "provider_budget_config: {openai: {budget_limit: 0.5, time_period: 1d}}\n"
        "optional_pre_call_checks: [enforce_model_rate_limits]\n");
    auto& settings = result.settings;

    EXPECT_EQ(settings.strategy, Strategy::LatencyBased);
    EXPECT_EQ(settings.latency_ttl, seconds(10));
    EXPECT_DOUBLE_EQ(settings.lowest_latency_buffer, 0.5);
    EXPECT_EQ(settings.latency_samples, 4u);
    EXPECT_EQ(settings.retry_policy.find(ErrorClass::Timeout), 4);
    EXPECT_EQ(settings.retry_policy.find(ErrorClass::BadRequest), 0);
    EXPECT_EQ(settings.allowed_fails_policy.find(ErrorClass::RateLimit), 9);
    EXPECT_FALSE(settings.allowed_fails) << "the default spelled out";
    EXPECT_EQ(settings.provider_budgets.at("openai").length(0), hours(24));
    EXPECT_TRUE(settings.enforce_rate_limits);
    EXPECT_TRUE(result.notes.errors.empty());
}

TEST(RoutingReader, NamesWhatItCannotUse) {
    auto notes = read(
                     "routing_strategy: least-bussy\n"
                     "fallbacks: [a]\n"
                     "retry_policy: {TimeoutErrorRetrys: 4}\n"
                     "provider_budget_config: {openai: {time_period: 1d}}\n"
                     "timeout: -3\n")
                     .notes;

    std::string all;
    for (auto& line : notes.errors) all += line + "\n";
    for (auto& line : notes.warnings) all += line + "\n";
    EXPECT_THAT(
        all,
        HasSubstr("c.yaml:1: router_settings.routing_strategy \"least-bussy\" is not a strategy (did you "
                  "mean least-busy?); simple-shuffle is used"));
    EXPECT_THAT(all, HasSubstr("c.yaml:2: router_settings.fallbacks must be a list of maps"));
    EXPECT_THAT(all, HasSubstr("did you mean TimeoutErrorRetries?"));
    EXPECT_THAT(all, HasSubstr("c.yaml:4: provider_budget_config.openai needs budget_limit"));
    EXPECT_THAT(all, HasSubstr("c.yaml:5: timeout must be a positive number of seconds"));
}

}  // namespace seance::litellm
