#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "services/litellm/domain/budget_period.hpp"
#include "services/litellm/domain/day_sums.hpp"
#include "services/litellm/ledger/store.hpp"

namespace seance::litellm {

// Reads back what was settled: single records, and sums by day.
class SpendReader {
  public:
    explicit SpendReader(Store& store) : store_(store) {}

    struct Day {
        std::string date;
        DaySums sums;
    };
    // Days with anything in them, oldest first; both ends included.
    Awaitable<Result<std::vector<Day>>> days(UnixMs from, UnixMs until);

    // The newest first, from those settled in that time; `wanted` is given each record's JSON text. At most
    // `most` of them, and never more than kMostScanned looked at.
    static constexpr std::size_t kMostScanned = 1'000'000;
    Awaitable<Result<std::vector<std::string>>> records(std::optional<UnixMs> from,
                                                        std::optional<UnixMs> until,
                                                        std::function<bool(std::string_view)> wanted,
                                                        std::size_t most);

  private:
    Store& store_;
};

}  // namespace seance::litellm
