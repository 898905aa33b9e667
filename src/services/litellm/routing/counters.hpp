#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/base/duration.hpp"

namespace seance::litellm {

// Which minute of UTC an instant of the steady clock lies in: minutes of replicas agree, and a wall clock
// that is set back while we run changes nothing.
std::uint32_t minute_of(Instant now);

// A count that begins anew with each minute. Lock-free and exact over threads: minute and count share a word.
class MinuteCounter {
  public:
    std::uint64_t add(std::uint32_t minute, std::uint64_t n = 1);  // gives the sum
    void take_back(std::uint32_t minute, std::uint64_t n);
    void set(std::uint32_t minute, std::uint64_t n);
    std::uint64_t read(std::uint32_t minute) const;

  private:
    static constexpr unsigned kCountBits = 40;
    static constexpr std::uint64_t kMost = (std::uint64_t{1} << kCountBits) - 1;
    std::atomic<std::uint64_t> word_{0};  // 24 bits of the minute, 40 of the count
};

// The last samples of a time, each forgotten after a while. Lock-free: one word per sample.
class LatencySamples {
  public:
    static constexpr std::size_t kMost = 64;

    explicit LatencySamples(std::size_t most = 10);
    void add(double value, Instant now);
    std::optional<double> mean(Instant now, Duration ttl) const;  // nothing without samples
    void resize(std::size_t most);                                // before it is shared

  private:
    std::size_t most_;
    std::atomic<std::uint32_t> next_{0};
    std::atomic<std::uint64_t> samples_[kMost] = {};  // seconds since start (upper half), float (lower half)
};

// Money spent in a period that begins with the first spending. Several processes may count together: each
// takes what it has not told yet, and learns the sum of all (share_budgets()).
class SpendWindow {
  public:
    // `length`: of the period, should it begin now; 0: it never ends.
    void add(double usd, Instant now, Duration length);
    double read(Instant now) const;

    double take_untold() { return untold_.exchange(0, std::memory_order_relaxed); }
    void put_back(double usd) { untold_.fetch_add(usd, std::memory_order_relaxed); }
    // The sum of all, and the end of the period; nothing for one that never ends.
    void learn(double total, std::optional<Instant> end);

  private:
    std::atomic<std::int64_t> ends_{0};
    std::atomic<double> spent_{0}, untold_{0};
};

}  // namespace seance::litellm
