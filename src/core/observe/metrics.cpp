#include "core/observe/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace seance::observe {
namespace {

std::string render_labels(const Labels& labels) {
    std::string out;
    for (const auto& [name, value] : labels) {
        if (!out.empty()) out += ',';
        out += name + "=\"";
        for (char c : value) {
            if (c == '\\' || c == '"') out += '\\';
            if (c == '\n')
                out += "\\n";
            else
                out += c;
        }
        out += '"';
    }
    return out;
}

std::string braced(const std::string& labels) {
    return labels.empty() ? "" : "{" + labels + "}";
}

}  // namespace

struct Metrics::Sample {
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<Histogram> histogram;
};

struct Metrics::Family {
    std::string help, type;
    std::map<std::string, Sample> samples;  // by rendered labels
};

Metrics::Metrics() = default;
Metrics::~Metrics() = default;

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()),
      counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1)) {}

void Histogram::observe(double value) {
    auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    counts_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
}

Metrics::Sample& Metrics::sample(std::string_view name, std::string_view help, std::string_view type,
                                 const Labels& labels) {
    auto& family = families_[std::string(name)];
    if (!family) {
        family = std::make_unique<Family>();
        family->help = help;
        family->type = type;
    }
    return family->samples[render_labels(labels)];
}

Counter& Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
    std::lock_guard lock(mutex_);
    auto& found = sample(name, help, "counter", labels);
    if (!found.counter) found.counter = std::make_unique<Counter>();
    return *found.counter;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels) {
    std::lock_guard lock(mutex_);
    auto& found = sample(name, help, "gauge", labels);
    if (!found.gauge) found.gauge = std::make_unique<Gauge>();
    return *found.gauge;
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                              const Labels& labels) {
    std::lock_guard lock(mutex_);
    auto& found = sample(name, help, "histogram", labels);
    if (!found.histogram) found.histogram = std::make_unique<Histogram>(bounds);
    return *found.histogram;
}

std::string Metrics::render() const {
    std::lock_guard lock(mutex_);
    std::string out;
    for (const auto& [name, family] : families_) {
        out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, family->help, name, family->type);
        for (const auto& [labels, sample] : family->samples) {
            if (sample.counter)
                out += fmt::format("{}{} {}\n", name, braced(labels), sample.counter->value());
            if (sample.gauge) out += fmt::format("{}{} {}\n", name, braced(labels), sample.gauge->value());
            if (!sample.histogram) continue;
            const auto& histogram = *sample.histogram;
            std::uint64_t total = 0;
            auto comma = labels.empty() ? "" : ",";
            for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
                total += histogram.in_bucket(i);
                out += fmt::format("{}_bucket{{{}{}le=\"{}\"}} {}\n", name, labels, comma,
                                   histogram.bounds()[i], total);
            }
            total += histogram.in_bucket(histogram.bounds().size());
            out += fmt::format("{}_bucket{{{}{}le=\"+Inf\"}} {}\n", name, labels, comma, total);
            out += fmt::format("{}_sum{} {}\n{}_count{} {}\n", name, braced(labels), histogram.sum(), name,
                               braced(labels), total);
        }
    }
    return out;
}

Metrics& metrics() {
    static Metrics instance;
    return instance;
}

}  // namespace seance::observe
