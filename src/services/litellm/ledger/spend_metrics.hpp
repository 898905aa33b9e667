#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "services/litellm/ledger/admission.hpp"

namespace seance::litellm {

std::string metric_label(std::string_view text);  // as it stands between quotes

// LiteLLM's metrics about money and tokens (reference, section 17.3), of one loop. At most
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

    // Prometheus text over all loops of this process.
    static std::string render();

  private:
    struct Sums {
        NanoUsd spend = 0;
        std::uint64_t input = 0, output = 0;
    };
    std::mutex mutex_;  // taken by another loop only while it renders
    std::map<Labels, Sums> sums_;
};

}  // namespace seance::litellm
