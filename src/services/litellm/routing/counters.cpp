#include "services/litellm/routing/counters.hpp"

#include <algorithm>
#include <bit>

namespace seance::litellm {
namespace {

std::uint32_t seconds_of(Instant now) {
    // From 1, so that a word of 0 is no sample.
    return static_cast<std::uint32_t>(
               std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count()) +
           1;
}

}  // namespace

std::uint32_t minute_of(Instant now) {
    static const auto offset =
        std::chrono::system_clock::now().time_since_epoch() - Clock::now().time_since_epoch();
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::minutes>(now.time_since_epoch() + offset).count());
}

std::uint64_t MinuteCounter::add(std::uint32_t minute, std::uint64_t n) {
    auto tag = std::uint64_t{minute & 0xffffff} << kCountBits;
    auto word = word_.load(std::memory_order_relaxed);
    while (true) {
        auto count = (word & ~kMost) == tag ? word & kMost : 0;
        auto sum = std::min(kMost, count + n);
        if (word_.compare_exchange_weak(word, tag | sum, std::memory_order_relaxed)) return sum;
    }
}

void MinuteCounter::take_back(std::uint32_t minute, std::uint64_t n) {
    auto tag = std::uint64_t{minute & 0xffffff} << kCountBits;
    auto word = word_.load(std::memory_order_relaxed);
    while ((word & ~kMost) == tag) {
        auto count = word & kMost;
        if (word_.compare_exchange_weak(word, tag | (count - std::min(count, n)), std::memory_order_relaxed))
            return;
    }
}

void MinuteCounter::set(std::uint32_t minute, std::uint64_t n) {
    word_.store(std::uint64_t{minute & 0xffffff} << kCountBits | std::min(kMost, n),
                std::memory_order_relaxed);
}

std::uint64_t MinuteCounter::read(std::uint32_t minute) const {
    auto word = word_.load(std::memory_order_relaxed);
    return word >> kCountBits == (minute & 0xffffff) ? word & kMost : 0;
}

LatencySamples::LatencySamples(std::size_t most) : most_(std::clamp<std::size_t>(most, 1, kMost)) {}

void LatencySamples::resize(std::size_t most) {
    most_ = std::clamp<std::size_t>(most, 1, kMost);
}

void LatencySamples::add(double value, Instant now) {
    auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
    auto at = next_.fetch_add(1, std::memory_order_relaxed) % most_;
    samples_[at].store(std::uint64_t{seconds_of(now)} << 32 | bits, std::memory_order_relaxed);
}

std::optional<double> LatencySamples::mean(Instant now, Duration ttl) const {
    auto oldest = static_cast<std::int64_t>(seconds_of(now)) -
                  std::chrono::duration_cast<std::chrono::seconds>(ttl).count();
    double sum = 0;
    int count = 0;
    for (std::size_t i = 0; i < most_; ++i) {
        auto word = samples_[i].load(std::memory_order_relaxed);
        if (word == 0 || static_cast<std::int64_t>(word >> 32) < oldest) continue;
        sum += static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(word)));
        ++count;
    }
    return count == 0 ? std::nullopt : std::optional<double>(sum / count);
}

void SpendWindow::add(double usd, Instant now, Duration length) {
    untold_.fetch_add(usd, std::memory_order_relaxed);
    auto ends = ends_.load(std::memory_order_relaxed);
    auto fresh = (length > Duration{0} ? now + length : Instant::max()).time_since_epoch().count();
    if (now.time_since_epoch().count() >= ends &&
        ends_.compare_exchange_strong(ends, fresh, std::memory_order_relaxed))
        spent_.store(0, std::memory_order_relaxed);
    spent_.fetch_add(usd, std::memory_order_relaxed);
}

double SpendWindow::read(Instant now) const {
    if (now.time_since_epoch().count() >= ends_.load(std::memory_order_relaxed)) return 0;
    return spent_.load(std::memory_order_relaxed);
}

void SpendWindow::learn(double total, std::optional<Instant> end) {
    ends_.store(end.value_or(Instant::max()).time_since_epoch().count(), std::memory_order_relaxed);
    spent_.store(total + untold_.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

}  // namespace seance::litellm
