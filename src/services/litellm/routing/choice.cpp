#include "services/litellm/routing/choice.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "services/litellm/routing/strategy.hpp"
#include "services/litellm/routing/tags.hpp"

namespace seance::litellm {
namespace {

bool over_budget(const Option& option, Instant now) {
    auto& own = option.deployment->budget;
    if (own && option.deployment->state->spend.read(now) >= own->limit) return true;
    return option.provider_budget && option.provider_spend->read(now) >= option.provider_budget->limit;
}

// Limits are hard for strategies that go by usage, and where checks before the call are asked for.
bool limits_are_hard(const RoutingSettings& settings) {
    switch (settings.strategy) {
        case Strategy::SimpleShuffle:
        case Strategy::LeastBusy:
            return settings.enforce_rate_limits;
        default:
            return true;
    }
}

bool over_rate(const Deployment& deployment, const RoutingQuestion& question, const RoutingSettings& settings,
               std::uint32_t minute) {
    auto& state = *deployment.state;
    auto would_exceed = [](std::optional<double> limit, std::uint64_t used, std::uint64_t more) {
        return limit && static_cast<double>(used + more) > *limit;
    };
    bool hard = limits_are_hard(settings);
    if ((hard || settings.pre_call_checks) && would_exceed(deployment.rpm, state.requests_in(minute), 1))
        return true;
    return hard && would_exceed(deployment.tpm, state.tokens_in(minute), question.input_tokens);
}

bool too_small(const Option& option, const RoutingQuestion& question) {
    auto most = option.deployment->max_input_tokens
                    ? static_cast<std::uint64_t>(*option.deployment->max_input_tokens)
                    : option.max_input;
    return most > 0 && question.input_tokens > most;
}

Duration shortest_wait(std::span<const Option> options, const RoutingSettings& settings, Instant now) {
    auto wait = Duration::max();
    for (auto& option : options) {
        auto until = option.deployment->state->cooled_until(now);
        if (until > now) wait = std::min(wait, Duration(until - now));
    }
    return wait == Duration::max() ? settings.cooldown_time : wait;
}

ApiError problem_of(std::span<const Option> options, const std::vector<Dropped>& dropped,
                    const RoutingQuestion& question, const RoutingSettings& settings, Instant now) {
    auto any = [&](Dropped why) { return std::find(dropped.begin(), dropped.end(), why) != dropped.end(); };
    if (any(Dropped::CoolingDown))
        return none_available(question.group, shortest_wait(options, settings, now));
    if (any(Dropped::RateLimit)) {
        auto left = std::chrono::seconds(
            60 - std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count() % 60);
        return none_available(question.group, left);
    }
    if (any(Dropped::OverBudget)) {
        auto error = none_available(question.group, settings.cooldown_time);
        error.message += ". Every deployment is over its budget or its provider's budget";
        error.retry_after.reset();
        return error;
    }
    if (any(Dropped::ContextWindow))
        return {.status = 400,
                .message = fmt::format(
                    "litellm.ContextWindowExceededError: the prompt has about {} tokens, more than every "
                    "deployment of {} takes",
                    question.input_tokens, question.group),
                .type = "invalid_request_error",
                .kind = ErrorClass::ContextWindow};
    return tags_refused(question.tags);
}

}  // namespace

std::string_view dropped_word(Dropped why) {
    switch (why) {
        case Dropped::No:
            return "candidate";
        case Dropped::CoolingDown:
            return "cooling_down";
        case Dropped::OverBudget:
            return "over_budget";
        case Dropped::Tags:
            return "tags";
        case Dropped::ContextWindow:
            return "context_window";
        case Dropped::RateLimit:
            return "rate_limit";
        case Dropped::Order:
            return "order";
        case Dropped::Full:
            return "full";
    }
    return "";
}

Candidates find_candidates(std::span<const Option> options, const RoutingQuestion& question,
                           const RoutingSettings& settings, Instant now) {
    Candidates found;
    found.dropped.assign(options.size(), Dropped::No);
    auto minute = minute_of(now);
    std::vector<bool> tagged;
    if (settings.tag_filtering) tagged = match_tags(options, question.tags, settings.tag_match_any);
    int lowest = std::numeric_limits<int>::max();
    for (std::size_t i = 0; i < options.size(); ++i) {
        auto& deployment = *options[i].deployment;
        auto& why = found.dropped[i];
        if (!question.by_id && deployment.state->cooling(now))
            why = Dropped::CoolingDown;
        else if (over_budget(options[i], now))
            why = Dropped::OverBudget;
        else if (!tagged.empty() && !tagged[i])
            why = Dropped::Tags;
        else if (settings.pre_call_checks && too_small(options[i], question))
            why = Dropped::ContextWindow;
        else if (over_rate(deployment, question, settings, minute))
            why = Dropped::RateLimit;
        else
            lowest = std::min(lowest, deployment.order);
    }
    for (std::size_t i = 0; i < options.size(); ++i) {
        if (found.dropped[i] != Dropped::No) continue;
        if (options[i].deployment->order != lowest)
            found.dropped[i] = Dropped::Order;
        else
            found.indexes.push_back(i);
    }
    if (found.indexes.empty()) found.problem = problem_of(options, found.dropped, question, settings, now);
    return found;
}

std::optional<int> most_in_flight(const Deployment& deployment, const RoutingSettings& settings) {
    if (deployment.max_parallel_requests) return deployment.max_parallel_requests;
    if (deployment.rpm && *deployment.rpm >= 1) return static_cast<int>(std::min(*deployment.rpm, 1e9));
    if (deployment.tpm && *deployment.tpm > 0)
        return std::max(1, static_cast<int>(std::min(*deployment.tpm / 6000, 1e9)));
    return settings.default_max_parallel_requests;
}

std::size_t choose(std::span<const Option> options, std::span<const std::size_t> candidates,
                   const RoutingQuestion& question, const RoutingSettings& settings, Instant now,
                   double random) {
    std::vector<std::size_t> preferred;
    auto prefer = [&](auto&& good) {
        std::vector<std::size_t> better;
        for (auto i : preferred)
            if (good(options[i])) better.push_back(i);
        if (!better.empty()) preferred = std::move(better);
    };
    preferred.assign(candidates.begin(), candidates.end());
    if (preferred.size() == 1) return preferred[0];
    prefer([](const Option& option) { return !option.failed_before; });
    prefer([&](const Option& option) {
        auto most = most_in_flight(*option.deployment, settings);
        return !most || option.deployment->state->in_flight.load(std::memory_order_relaxed) < *most;
    });
    if (!question.prefers.empty())
        prefer([&](const Option& option) { return option.deployment->id == question.prefers; });
    if (preferred.size() == 1) return preferred[0];
    return pick(options, preferred, question, settings, now, random);
}

ApiError none_available(std::string_view group, Duration wait) {
    auto seconds = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(wait).count());
    return {.status = 429,
            .message = fmt::format("No deployments available for selected model, Try again in {} seconds. "
                                   "Passed model={}",
                                   seconds, group),
            .type = "throttling_error",
            .kind = ErrorClass::RateLimit,
            .retry_after = std::chrono::seconds(seconds)};
}

ApiError all_full(std::string_view group) {
    return {.status = 429,
            .message = fmt::format("litellm.RateLimitError: every deployment of {} has reached its "
                                   "max_parallel_requests; try again in a moment",
                                   group),
            .type = "throttling_error",
            .kind = ErrorClass::RateLimit};
}

}  // namespace seance::litellm
