#include "core/observe/metrics.hpp"

#include <gtest/gtest.h>

namespace seance::observe {

TEST(Metrics, RendersThePrometheusTextFormat) {
    Metrics metrics;
    metrics.counter("requests_total", "Requests", {{"code", "200"}}).add(2);
    metrics.gauge("open", "Open").set(-1);
    const double bounds[] = {0.5, 1};
    auto& seconds = metrics.histogram("seconds", "Time", bounds);
    seconds.observe(0.5);
    seconds.observe(0.75);
    seconds.observe(9);

    EXPECT_EQ(
        metrics.render(),
        "# HELP open Open\n# TYPE open gauge\nopen -1\n"
        "# HELP requests_total Requests\n# TYPE requests_total counter\nrequests_total{code=\"200\"} 2\n"
        "# HELP seconds Time\n# TYPE seconds histogram\n"
        "seconds_bucket{le=\"0.5\"} 1\nseconds_bucket{le=\"1\"} 2\nseconds_bucket{le=\"+Inf\"} 3\n"
        "seconds_sum 10.25\nseconds_count 3\n");
}

TEST(Metrics, GivesTheSameObjectForTheSameNameAndLabels) {
    Metrics metrics;

    EXPECT_EQ(&metrics.counter("a", "A", {{"x", "1"}}), &metrics.counter("a", "A", {{"x", "1"}}));
    EXPECT_NE(&metrics.counter("a", "A", {{"x", "1"}}), &metrics.counter("a", "A", {{"x", "2"}}));
}

}  // namespace seance::observe
