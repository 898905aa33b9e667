#pragma once
#include <array>
#include <atomic>
#include <memory>

#include "services/litellm/domain/error_class.hpp"
#include "services/litellm/routing/counters.hpp"

namespace seance::litellm {

// What a process knows of one deployment beside its configuration. Shared by all loops, all of it lock-free;
// outlives reloads that do not change the deployment.
struct DeploymentState {
    std::atomic<int> in_flight{0};
    MinuteCounter requests, tokens;  // begun, and consumed, in this minute
    MinuteCounter ended, failed;     // outcomes in this minute
    std::array<MinuteCounter, kErrorClasses> failed_by_class;
    LatencySamples latency;      // seconds per completion token
    LatencySamples first_token;  // seconds to the first token per completion token, of streams
    SpendWindow spend;           // for the deployment's own budget

    // What other replicas have reported of this minute; see share_routing().
    MinuteCounter other_requests, other_tokens;

    bool cooling(Instant now) const { return cooled_until(now) > now; }
    Instant cooled_until(Instant now) const;
    // True if it was not cooling before. A later end replaces an earlier one.
    bool cool_down(Instant until, Instant now);
    void warm_up() { until_.store(0, std::memory_order_relaxed); }

    std::uint64_t requests_in(std::uint32_t minute) const {
        return requests.read(minute) + other_requests.read(minute);
    }
    std::uint64_t tokens_in(std::uint32_t minute) const {
        return tokens.read(minute) + other_tokens.read(minute);
    }

    std::atomic<bool> last_failed{false};  // the last outcome, for litellm_deployment_state

  private:
    std::atomic<std::int64_t> until_{0};
};

}  // namespace seance::litellm
