#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seance::observe {

// A label has few values: never an address, an id or a key.
using Labels = std::vector<std::pair<std::string, std::string>>;

// Any thread may change these; reads are a snapshot.
class Counter {
  public:
    void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

class Gauge {
  public:
    void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
    void add(std::int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::int64_t> value_{0};
};

// Buckets are upper bounds in the unit of the metric's name, ascending.
class Histogram {
  public:
    explicit Histogram(std::span<const double> bounds);
    void observe(double value);

    const std::vector<double>& bounds() const { return bounds_; }
    std::uint64_t in_bucket(std::size_t i) const {
        return counts_[i].load(std::memory_order_relaxed);
    }  // not cumulative
    double sum() const { return sum_.load(std::memory_order_relaxed); }

  private:
    std::vector<double> bounds_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;  // one more than bounds: above the last
    std::atomic<double> sum_{0};
};

// Owns every metric of a process. Asking twice for the same name and labels gives the same object; references
// stay good as long as the registry. Take them once at start, not on the request path: asking locks.
class Metrics {
  public:
    Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
    Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
    Histogram& histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                         const Labels& labels = {});

    // Prometheus text format 0.0.4.
    std::string render() const;

  private:
    struct Family;
    struct Sample;
    Sample& sample(std::string_view name, std::string_view help, std::string_view type, const Labels& labels);

    mutable std::mutex mutex_;
    std::map<std::string, std::unique_ptr<Family>, std::less<>> families_;

  public:
    Metrics();
    ~Metrics();
};

// The one registry of a program.
Metrics& metrics();

}  // namespace seance::observe
