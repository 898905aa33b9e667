#pragma once
#include <array>
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

// What the sums of a day are by, beside those of all: also what group_by of /global/spend/by_day may name.
enum class SpendKind { Model, Key, Provider, User, Team, Customer, Tag };
inline constexpr std::array<std::string_view, 7> kSpendKinds{"model", "key",      "provider", "user",
                                                             "team",  "customer", "tag"};
constexpr std::string_view name_of(SpendKind kind) {
    return kSpendKinds[static_cast<std::size_t>(kind)];
}

// The sums of a day, or of several: kind → id → sum. Kinds: those above, and all (id "").
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
