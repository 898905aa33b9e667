#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "services/litellm/ledger/admission.hpp"

namespace seance::litellm {

// LiteLLM's metrics about money, keys and their limits (reference, section 17.3), of one loop. At most
// kMostSeries label sets each; the rest count under "other".
class SpendMetrics {
  public:
    SpendMetrics();
    ~SpendMetrics();
    SpendMetrics(const SpendMetrics&) = delete;
    SpendMetrics& operator=(const SpendMetrics&) = delete;
    static constexpr std::size_t kMostSeries = 1000;

    struct Labels {
        std::string key, alias, team, user, requested_model, model, model_id;
        auto operator<=>(const Labels&) const = default;
    };
    void note(const Labels& labels, NanoUsd cost, const Usage& usage);

    struct Remaining {
        std::string alias;
        std::optional<NanoUsd> budget_left, budget;
        std::optional<std::int64_t> requests_left, tokens_left;
        std::optional<double> hours_left;
    };
    // `team`: about a team, else about a key.
    void note_remaining(bool team, const std::string& id, const std::string& model, Remaining remaining);

    // Prometheus text over all loops of this process.
    static std::string render();

  private:
    struct Sums {
        NanoUsd spend = 0;
        std::uint64_t input = 0, output = 0;
    };
    std::mutex mutex_;  // taken by another loop only while it renders
    std::map<Labels, Sums> sums_;
    std::map<std::tuple<bool, std::string, std::string>, Remaining> remaining_;
};

}  // namespace seance::litellm
