#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/litellm/domain/api_error.hpp"
#include "services/litellm/domain/deployment.hpp"
#include "services/litellm/routing/settings.hpp"

namespace seance::litellm {

// A deployment that could take a call, as routing sees it.
struct Option {
    const Deployment* deployment = nullptr;
    std::string_view provider = {};               // prefix; "" if not known
    const SpendWindow* provider_spend = nullptr;  // of a provider with a budget
    const Budget* provider_budget = nullptr;
    std::optional<double> price = {};  // of a token in and a token out, in whatever unit
    std::uint64_t max_input = 0;       // tokens, as the price table knows it; 0: unknown
    bool failed_before = false;        // in this very request
};

// What routing looks at in a request.
struct RoutingQuestion {
    std::string_view group;
    std::uint64_t input_tokens = 0;  // estimated
    bool stream = false;
    std::span<const std::string> tags = {};
    bool by_id = false;             // the request named a deployment: cooldown does not count
    std::string_view prefers = {};  // id of the deployment that has seen what this goes on from
};

// Why an option is not among the candidates.
enum class Dropped { No, CoolingDown, OverBudget, Tags, ContextWindow, RateLimit, Order, Full };
std::string_view dropped_word(Dropped why);

struct Candidates {
    std::vector<std::size_t> indexes = {};  // of the options that are left
    std::vector<Dropped> dropped = {};      // one per option
    std::optional<ApiError> problem = {};   // set if none is left
};

// Section 5 of the reference: who may take the call now.
Candidates find_candidates(std::span<const Option> options, const RoutingQuestion& question,
                           const RoutingSettings& settings, Instant now);

// One of the candidates by the strategy; those that have not failed in this request and have room come first.
// `random` in [0, 1).
std::size_t choose(std::span<const Option> options, std::span<const std::size_t> candidates,
                   const RoutingQuestion& question, const RoutingSettings& settings, Instant now,
                   double random);

// How many calls a deployment may have under way; nothing for no limit.
std::optional<int> most_in_flight(const Deployment& deployment, const RoutingSettings& settings);

// "No deployments available …": all are out for a while.
ApiError none_available(std::string_view group, Duration wait);
ApiError all_full(std::string_view group);

}  // namespace seance::litellm
