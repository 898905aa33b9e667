#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "services/litellm/domain/money.hpp"

namespace seance::litellm {

// What was spent and used by one of a kind (a model, a key, …).
struct SpendSum {
    NanoUsd spend = 0;
    std::int64_t requests = 0, prompt = 0, completion = 0, failures = 0, cache_hits = 0;
    void add(const SpendSum& other);
};

// The sums of a day, or of several: kind → id → sum. Kinds: all (id ""), model, key, provider, user, team,
// customer, tag.
class DaySums {
  public:
    // One field of a day's hash in Valkey, "<kind>|<id>|<what>"; ids may hold bars. Others are passed over.
    void add(std::string_view field, std::int64_t value);
    void add(const DaySums& other);
    const std::map<std::string, SpendSum, std::less<>>& of(std::string_view kind) const;
    SpendSum all() const;

  private:
    std::map<std::string, std::map<std::string, SpendSum, std::less<>>, std::less<>> sums_;
};

}  // namespace seance::litellm
