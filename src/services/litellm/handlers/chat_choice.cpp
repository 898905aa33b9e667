#include <fmt/format.h>

#include <algorithm>

#include "core/base/id.hpp"
#include "services/litellm/handlers/chat_call.hpp"

// Which deployment of a group is asked: those that can be called, and the pick among them.
namespace seance::litellm {
namespace {

ApiError cannot_be_called(const std::string& model, const std::string& why) {
    bool key = why.starts_with("no API key");
    auto message =
        why.starts_with("LLM Provider NOT") ? why
        : key
            ? fmt::format("litellm.AuthenticationError: the model {} is disabled because the gateway has {}",
                          model, why)
            : fmt::format("litellm.BadRequestError: the model {} cannot be called: {}", model, why);
    return {.status = key ? 401 : 400,
            .message = std::move(message),
            .type = key ? "auth_error" : "invalid_request_error"};
}

// A limit per minute is kept exactly where it is hard: counted before the call, taken back if over.
bool reserve_request(const Deployment& deployment, const RoutingSettings& settings, Instant now) {
    auto minute = minute_of(now);
    auto& state = *deployment.state;
    auto sum = state.requests.add(minute) + state.other_requests.read(minute);
    bool hard = settings.strategy == Strategy::UsageBasedV2 || settings.enforce_rate_limits;
    if (!hard || !deployment.rpm || static_cast<double>(sum) <= *deployment.rpm) return true;
    state.requests.take_back(minute, 1);
    return false;
}

}  // namespace

double random_fraction() {
    return static_cast<double>(random_number() >> 11) * 0x1.0p-53;
}

// The one that answered what this call goes on from, or that has the beginning of its prompt in its cache.
std::string ChatCall::preferred_deployment() {
    if (auto before = form_.goes_on_from(); !before.empty()) return before;
    prefixes_.clear();
    if (!models_->config().routing.prompt_caching || options_.size() < 2) return "";
    prefixes_ = prompt_prefixes(form_.as_asked(request_));
    return prefixes_.empty() ? "" : prompt_pins().find(prefixes_, Clock::now()).value_or("");
}

// What of the group can be called at all; a failure if nothing can.
Failure ChatCall::find_options(Resolution& resolution) {
    auto& config = models_->config();
    candidates_.clear();
    options_.clear();
    Failure failure;
    for (auto& candidate : resolution.candidates) {
        bool as_configured = candidate.prepared && request_.own_key.empty() && request_.own_base.empty() &&
                             !request_.mock_response;
        auto mine =
            as_configured ? nullptr : std::make_shared<const Outcome<Endpoint>>(endpoint_of(candidate));
        auto& endpoint = as_configured ? *candidate.prepared : *mine;
        if (!endpoint) {
            auto why = cannot_be_called(request_.model, endpoint.error().what);
            // A missing key is the likeliest of several reasons, but any other says more about this request.
            if (!failure || (failure->status == 401 && why.status != 401)) failure = std::move(why);
            continue;
        }
        Option option{candidate.deployment.get(), endpoint->provider->prefix};
        if (auto budget = config.routing.provider_budgets.find(option.provider);
            budget != config.routing.provider_budgets.end()) {
            option.provider_budget = &budget->second;
            option.provider_spend = config.provider_spend.find(option.provider)->second.get();
        }
        if (config.routing.strategy == Strategy::CostBased || config.routing.pre_call_checks)
            if (auto price = gateway_.ledger().prices().find(*candidate.deployment, option.provider,
                                                             endpoint->model)) {
                option.price = static_cast<double>(price->input + price->output);
                option.max_input = price->max_input;
            }
        candidates_.push_back(std::move(candidate));
        if (mine) candidates_.back().prepared = std::move(mine);
        options_.push_back(option);
    }
    return options_.empty() ? std::move(failure) : Failure();
}

Outcome<Endpoint> ChatCall::endpoint_of(const Candidate& candidate) const {
    auto& deployment = *candidate.deployment;
    Overrides overrides;
    overrides.mocked = request_.mock_response.has_value();
    if (deployment.client_may_set_key) overrides.key = request_.own_key;
    if (deployment.client_may_set_base) overrides.base = request_.own_base;
    return find_endpoint(deployment, candidate.model, models_->config().environment, overrides);
}

RoutingQuestion ChatCall::question() const {
    return {group_, request_.prompt_estimate, request_.stream, wishes_.tags, by_id_, prefers_};
}

std::optional<ChatCall::Pick> ChatCall::pick(const RoutingQuestion& question, Failure& problem) {
    auto& settings = models_->config().routing;
    auto now = Clock::now();
    auto found = find_candidates(options_, question, settings, now);
    auto all = found;  // as the log shows them
    bool full = false;
    while (!found.indexes.empty()) {
        auto index = choose(options_, found.indexes, question, settings, now, random_fraction());
        auto& deployment = *options_[index].deployment;
        Slot slot(deployment, most_in_flight(deployment, settings));
        if (slot.taken() && reserve_request(deployment, settings, now)) {
            decision_.considered(group_, options_, all);
            return Pick{index, std::move(slot)};
        }
        full = full || !slot.taken();
        all.dropped[index] = slot.taken() ? Dropped::RateLimit : Dropped::Full;
        std::erase(found.indexes, index);
    }
    decision_.considered(group_, options_, all);
    problem = found.problem ? *found.problem
              : full        ? all_full(group_)
                            : none_available(group_, std::chrono::seconds(60));
    return std::nullopt;
}

std::unique_ptr<ChatCall::Attempt> ChatCall::make_attempt(Pick pick) {
    auto& candidate = candidates_[pick.index];
    auto& deployment = *candidate.deployment;
    std::shared_ptr<const Endpoint> endpoint(candidate.prepared, &**candidate.prepared);
    auto attempt = std::make_unique<Attempt>(
        Attempt{candidate.deployment, std::move(endpoint), std::move(pick.slot), limit_for(deployment)});
    attempt->scope = scope_;
    return attempt;
}

}  // namespace seance::litellm
