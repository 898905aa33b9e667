#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/duration.hpp"
#include "services/litellm/domain/budget_period.hpp"
#include "services/litellm/domain/error_class.hpp"

namespace seance::litellm {

enum class Strategy { SimpleShuffle, LeastBusy, UsageBased, UsageBasedV2, LatencyBased, CostBased };
std::optional<Strategy> parse_strategy(std::string_view name);
std::string_view strategy_name(Strategy strategy);

// A number per class of failure: retries, or failures that are allowed.
struct ClassNumbers {
    std::map<ErrorClass, int> numbers;

    bool empty() const { return numbers.empty(); }
    std::optional<int> find(ErrorClass kind) const;
};

// fallbacks: lists of groups by group; "*" stands for every group that has none of its own.
class FallbackTable {
  public:
    void add(std::string group, std::vector<std::string> targets);
    const std::vector<std::string>* find(std::string_view group) const;
    const std::vector<std::string>* find_own(std::string_view group) const;  // without "*"
    bool empty() const { return lists_.empty(); }
    const std::vector<std::pair<std::string, std::vector<std::string>>>& lists() const { return lists_; }

  private:
    std::vector<std::pair<std::string, std::vector<std::string>>> lists_;
};

struct Budget {
    double limit = 0;                         // USD
    std::optional<BudgetPeriod> period = {};  // nothing: never begins anew

    // Of a period that begins now; 0: it never ends.
    Duration length(UnixMs now) const;
};

// router_settings and what litellm_settings says of the same (reference, sections 2.4, 5 and 6).
struct RoutingSettings {
    Strategy strategy = Strategy::SimpleShuffle;
    Duration latency_ttl = std::chrono::seconds(3600);
    double lowest_latency_buffer = 0;
    std::size_t latency_samples = 10;

    int num_retries = 2;
    Duration retry_after{0};
    ClassNumbers retry_policy;
    std::map<std::string, ClassNumbers, std::less<>> group_retry_policy;

    bool disable_cooldowns = false;
    Duration cooldown_time = std::chrono::seconds(5);
    std::optional<int> allowed_fails;  // unset: the rules by percentage
    ClassNumbers allowed_fails_policy;

    FallbackTable fallbacks, context_window_fallbacks, content_policy_fallbacks;
    int max_fallbacks = 5;

    Duration timeout = std::chrono::seconds(6000);
    std::optional<Duration> stream_timeout;
    std::optional<int> default_max_parallel_requests;

    bool pre_call_checks = false;
    bool enforce_rate_limits = false;  // optional_pre_call_checks: enforce_model_rate_limits
    bool prompt_caching = false;       // optional_pre_call_checks: prompt_caching
    bool tag_filtering = false, tag_match_any = true;
    std::map<std::string, Budget, std::less<>> provider_budgets;

    // Séance's own: ask a second deployment if the first has not answered after this long.
    std::optional<Duration> hedge_after;
    bool allow_mock_testing = false;  // general_settings.dangerously_allow_mock_testing_request_params
};

}  // namespace seance::litellm
