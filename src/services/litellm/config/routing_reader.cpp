#include "services/litellm/config/routing_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "services/litellm/config/config.hpp"
#include "services/litellm/routing/policy_names.hpp"

namespace seance::litellm {
namespace {

int clamp_count(std::int64_t count) {
    return static_cast<int>(std::clamp<std::int64_t>(count, 0, 100'000));
}

class RoutingReader {
  public:
    explicit RoutingReader(Notes& notes) : notes_(notes) {}

    RoutingSettings read(const Node& general, const Node& router) {
        read_shared(general, "litellm_settings");
        if (auto limit = seconds(general, "request_timeout")) settings_.timeout = *limit;
        read_shared(router, "router_settings");
        // Once both have spoken: the list of one section leaves the defaults of the other in force.
        if (!defaults_.empty()) settings_.fallbacks.add("*", std::move(defaults_));
        if (auto limit = seconds(router, "timeout")) settings_.timeout = *limit;
        settings_.stream_timeout = seconds(router, "stream_timeout");
        settings_.retry_after = seconds(router, "retry_after").value_or(Duration{0});
        settings_.hedge_after = seconds(router, "hedge_after");
        if (auto most = read_integer(router.find("default_max_parallel_requests"), notes_); most && *most > 0)
            settings_.default_max_parallel_requests =
                static_cast<int>(std::min<std::int64_t>(*most, 1'000'000));
        read_strategy(router);
        settings_.retry_policy = class_numbers(router.find("retry_policy"), "Retries");
        settings_.allowed_fails_policy = class_numbers(router.find("allowed_fails_policy"), "AllowedFails");
        if (auto policies = router.find("model_group_retry_policy"))
            for (auto& [group, policy] : policies->members)
                settings_.group_retry_policy[group] = class_numbers(&policy, "Retries");
        settings_.disable_cooldowns = read_bool(router.find("disable_cooldowns"), notes_).value_or(false);
        read_checks(router);
        read_provider_budgets(router.find("provider_budget_config"));
        return std::move(settings_);
    }

  private:
    std::optional<Duration> seconds(const Node& map, std::string_view key) {
        auto number = read_number(map.find(key), notes_);
        if (!number || *number == 0) return std::nullopt;
        auto duration = seconds_to_duration(*number);
        if (!duration)
            notes_.errors.push_back(fmt::format("{}{} must be a positive number of seconds; it is ignored",
                                                map.find(key)->place(), key));
        return duration;
    }

    // Keys that either section may hold.
    void read_shared(const Node& map, std::string_view section) {
        if (auto retries = read_integer(map.find("num_retries"), notes_))
            settings_.num_retries = std::min(100, clamp_count(*retries));
        if (auto fails = read_integer(map.find("allowed_fails"), notes_))
            // The default spelled out is no wish for other rules.
            settings_.allowed_fails =
                *fails == kDefaultAllowedFails ? std::nullopt : std::optional<int>(clamp_count(*fails));
        if (auto time = read_number(map.find("cooldown_time"), notes_)) {
            settings_.cooldown_time = seconds_to_duration(*time).value_or(Duration{0});
            if (*time < 0)
                notes_.errors.push_back(
                    fmt::format("{}cooldown_time is negative", map.find("cooldown_time")->place()));
        }
        if (auto most = read_integer(map.find("max_fallbacks"), notes_))
            settings_.max_fallbacks = std::min(100, clamp_count(*most));
        read_fallbacks(map, section, "fallbacks", settings_.fallbacks);
        read_fallbacks(map, section, "context_window_fallbacks", settings_.context_window_fallbacks);
        read_fallbacks(map, section, "content_policy_fallbacks", settings_.content_policy_fallbacks);
        if (auto defaults = read_texts(map.find("default_fallbacks"), notes_); !defaults.empty())
            defaults_ = std::move(defaults);
    }

    void read_fallbacks(const Node& map, std::string_view section, std::string_view key,
                        FallbackTable& table) {
        auto list = map.find(key);
        if (!list || list->is_null()) return;
        FallbackTable read;
        auto take = [&](const Node& entry) {
            for (auto& [group, targets] : entry.members) read.add(group, read_texts(&targets, notes_));
        };
        if (list->is_map()) take(*list);
        for (auto& entry : list->items) {
            if (entry.is_map())
                take(entry);
            else
                notes_.errors.push_back(
                    fmt::format("{}{}.{} must be a list of maps such as {{model-a: [model-b]}}; this entry "
                                "is ignored",
                                entry.place(), section, key));
        }
        if (!list->is_map() && !list->is_list())
            notes_.errors.push_back(
                fmt::format("{}{}.{} must be a list; it is ignored", list->place(), section, key));
        // The router's list is read last and replaces the other.
        if (!read.empty()) table = std::move(read);
    }

    void read_strategy(const Node& router) {
        if (auto name = read_text(router.find("routing_strategy"), notes_)) {
            static const std::vector<std::string> names = {"simple-shuffle",        "least-busy",
                                                           "usage-based-routing",   "usage-based-routing-v2",
                                                           "latency-based-routing", "cost-based-routing"};
            if (auto strategy = parse_strategy(*name))
                settings_.strategy = *strategy;
            else
                notes_.errors.push_back(fmt::format(
                    "{}router_settings.routing_strategy \"{}\" is not a strategy{}; simple-shuffle is used",
                    router.find("routing_strategy")->place(), *name, did_you_mean(*name, names)));
        }
        auto arguments = router.find("routing_strategy_args");
        if (!arguments || !arguments->is_map()) return;
        for (auto& [key, value] : arguments->members)
            if (key != "ttl" && key != "lowest_latency_buffer" && key != "max_latency_list_size")
                notes_.warnings.push_back(fmt::format(
                    "{}routing_strategy_args.{} is not a known key; it is ignored", value.place(), key));
        if (auto ttl = seconds(*arguments, "ttl")) settings_.latency_ttl = *ttl;
        if (auto buffer = read_number(arguments->find("lowest_latency_buffer"), notes_))
            settings_.lowest_latency_buffer = std::clamp(*buffer, 0.0, 1000.0);
        if (auto most = read_integer(arguments->find("max_latency_list_size"), notes_))
            settings_.latency_samples = static_cast<std::size_t>(
                std::clamp<std::int64_t>(*most, 1, static_cast<std::int64_t>(LatencySamples::kMost)));
    }

    void read_checks(const Node& router) {
        settings_.pre_call_checks = read_bool(router.find("enable_pre_call_checks"), notes_).value_or(false);
        settings_.tag_filtering = read_bool(router.find("enable_tag_filtering"), notes_).value_or(false);
        settings_.tag_match_any = read_bool(router.find("tag_filtering_match_any"), notes_).value_or(true);
        for (auto& name : read_texts(router.find("optional_pre_call_checks"), notes_)) {
            if (name == "enforce_model_rate_limits")
                settings_.enforce_rate_limits = true;
            else if (name == "prompt_caching")
                settings_.prompt_caching = true;
            else if (name != "router_budget_limiting" && name != "responses_api_deployment_check")
                // Those two are always on where they have something to check.
                notes_.warnings.push_back(
                    fmt::format("{}optional_pre_call_checks: {} is not a known check; it is ignored",
                                router.find("optional_pre_call_checks")->place(), name));
        }
    }

    void read_provider_budgets(const Node* map) {
        if (!map || map->is_null()) return;
        for (auto& [provider, entry] : map->members) {
            auto budget = read_budget(entry, "budget_limit", "time_period", notes_);
            if (budget)
                settings_.provider_budgets[provider] = *budget;
            else
                notes_.errors.push_back(fmt::format(
                    "{}provider_budget_config.{} needs budget_limit (USD) and time_period (such as 1d); it "
                    "is ignored",
                    entry.place(), provider));
        }
    }

    ClassNumbers class_numbers(const Node* map, std::string_view suffix) {
        ClassNumbers numbers;
        if (!map || !map->is_map()) return numbers;
        for (auto& [key, value] : map->members) {
            auto kinds = policy_classes(key, suffix);
            if (kinds.empty()) {
                notes_.warnings.push_back(fmt::format("{}{} is not a known key{}; it is ignored",
                                                      value.place(), key,
                                                      did_you_mean(key, policy_keys(suffix))));
                continue;
            }
            auto count = read_integer(&value, notes_);
            if (!count) continue;
            for (auto kind : kinds) numbers.numbers[kind] = clamp_count(*count);
        }
        return numbers;
    }

    static constexpr int kDefaultAllowedFails = 3;

    Notes& notes_;
    RoutingSettings settings_;
    std::vector<std::string> defaults_;  // default_fallbacks
};

}  // namespace

RoutingSettings read_routing(const Node& litellm_settings, const Node& router_settings, Notes& notes) {
    return RoutingReader(notes).read(litellm_settings, router_settings);
}

std::optional<Budget> read_budget(const Node& map, std::string_view limit_key, std::string_view period_key,
                                  Notes& notes) {
    auto limit = read_number(map.find(limit_key), notes);
    if (!limit) return std::nullopt;
    Budget budget{*limit};
    if (auto name = read_text(map.find(period_key), notes)) {
        budget.period = read_period(*name);
        if (!budget.period)
            notes.errors.push_back(
                fmt::format("{}{} is \"{}\"; write a whole number and s, m, h, d, w or mo, such as 30d",
                            map.find(period_key)->place(), period_key, *name));
    }
    return budget;
}

}  // namespace seance::litellm
