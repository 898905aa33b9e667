#include "services/litellm/handlers/call_metrics.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {
namespace {

std::string line_of(const std::string& start) {
    auto all = observe::metrics().render();
    auto at = all.find(start);
    return at == std::string::npos ? "" : all.substr(at, all.find('\n', at) - at);
}

TEST(CallMetrics, TellsCombinationsApartByEveryValue) {
    CallMetrics metrics;
    CallMetrics::Request one;
    one.requested_model = "apart";
    one.user = "ab";
    auto other = one;
    other.user = "a";
    other.team = "b";
    metrics.request_ended(one, 200, nullptr);
    metrics.request_ended(one, 200, nullptr);
    metrics.request_ended(other, 200, nullptr);
    ApiError limited{.status = 429};
    metrics.request_ended(other, 429, &limited);

    std::string before =
        "litellm_proxy_total_requests_metric_total{end_user=\"\",hashed_api_key=\"\",api_key_alias=\"\","
        "requested_model=\"apart\",team=";
    EXPECT_TRUE(line_of(before + "\"\"").ends_with("} 2"));
    EXPECT_TRUE(
        line_of(before + "\"b\",team_alias=\"\",user=\"a\",route=\"\",status_code=\"200\"").ends_with("} 1"));
    EXPECT_TRUE(
        line_of(before + "\"b\",team_alias=\"\",user=\"a\",route=\"\",status_code=\"429\"").ends_with("} 1"));
    EXPECT_NE(line_of("litellm_proxy_failed_requests_metric_total{").find("RateLimitError"),
              std::string::npos);
}

TEST(CallMetrics, CountsUnderOtherOnceThereAreTooManyCombinations) {
    CallMetrics metrics;
    for (std::size_t i = 0; i < CallMetrics::kMostSeries + 3; ++i) {
        auto user = std::to_string(i);
        CallMetrics::Request request;
        request.requested_model = "many";
        request.user = user;
        metrics.request_ended(request, 200, nullptr);
    }
    EXPECT_TRUE(line_of("litellm_proxy_total_requests_metric_total{end_user=\"other\"").ends_with("} 3"));
}

}  // namespace
}  // namespace seance::litellm
