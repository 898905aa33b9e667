#include "services/litellm/handlers/call_metrics.hpp"

namespace seance::litellm {
namespace {

// Seconds: fine where the gateway's own work lies, coarse where models think.
constexpr double kBounds[] = {0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                              0.005,   0.01,     0.025,   0.05,   0.1,     0.25,   0.5,   1,
                              2.5,     5,        10,      30,     60,      120,    300};

double seconds(Duration time) {
    return std::chrono::duration<double>(time).count();
}

std::string text(std::string_view view) {
    return std::string(view);
}

observe::Labels of_request(const CallMetrics::Request& r) {
    return {{"end_user", ""},
            {"hashed_api_key", text(r.key)},
            {"api_key_alias", text(r.alias)},
            {"requested_model", text(r.requested_model)},
            {"team", text(r.team)},
            {"team_alias", text(r.team_alias)},
            {"user", text(r.user)}};
}

observe::Labels of_deployment(const Deployment& deployment, const Endpoint& endpoint) {
    return {{"litellm_model_name", deployment.litellm_model},
            {"model_id", deployment.id},
            {"api_base", endpoint.base.substr(0, endpoint.base.find('?'))},
            {"api_provider", endpoint.provider ? text(endpoint.provider->prefix) : ""}};
}

observe::Labels operator+(observe::Labels a, const observe::Labels& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

observe::Labels of_error(const ApiError& error) {
    return {{"exception_status", std::to_string(error.status)},
            {"exception_class", text(class_name(error.error_class()))}};
}

// The handle for these labels, or the one for "other" once the family is full.
template <class Metric, class Make>
Metric& known(std::map<std::string, Metric*, std::less<>>& handles,
              std::map<std::string, std::size_t, std::less<>>& series, std::string_view name,
              observe::Labels& labels, Make&& make) {
    std::string key(name);
    for (auto& [label, value] : labels) key.append(1, '\0').append(value);
    if (auto found = handles.find(key); found != handles.end()) return *found->second;
    auto& count = series[std::string(name)];
    if (count >= CallMetrics::kMostSeries) {
        for (auto& [label, value] : labels) value = "other";
        return make();  // rare, so its lock does not matter
    }
    ++count;
    return *handles.emplace(std::move(key), &make()).first->second;
}

}  // namespace

observe::Counter& CallMetrics::counter(std::string_view name, std::string_view help, Labels labels) {
    return known(
        counters_, series_, name,
        labels, [&]() -> auto& { return observe::metrics().counter(name, help, labels); });
}

observe::Gauge& CallMetrics::gauge(std::string_view name, std::string_view help, Labels labels) {
    return known(
        gauges_, series_, name,
        labels, [&]() -> auto& { return observe::metrics().gauge(name, help, labels); });
}

observe::Histogram& CallMetrics::histogram(std::string_view name, std::string_view help, Labels labels) {
    return known(
        histograms_, series_, name,
        labels, [&]() -> auto& { return observe::metrics().histogram(name, help, kBounds, labels); });
}

void CallMetrics::request_ended(const Request& request, int status, const ApiError* error) {
    auto labels = of_request(request) + Labels{{"route", text(request.route)}};
    counter("litellm_proxy_total_requests_metric_total", "Requests",
            labels + Labels{{"status_code", std::to_string(status)}})
        .add();
    if (error)
        counter("litellm_proxy_failed_requests_metric_total", "Requests that failed",
                labels + of_error(*error))
            .add();
}

void CallMetrics::answered(const Request& request, const Deployment& deployment, const Times& times) {
    Labels labels{{"requested_model", text(request.requested_model)}, {"model_id", deployment.id}};
    histogram("litellm_request_total_latency_metric", "Seconds from request to the end of its answer", labels)
        .observe(seconds(times.total));
    histogram("litellm_overhead_latency_metric", "Seconds that the gateway added", labels)
        .observe(seconds(times.overhead));
    histogram("litellm_llm_api_latency_metric", "Seconds that the upstream took", labels)
        .observe(seconds(times.upstream));
    if (times.first_token > Duration{0})
        histogram("litellm_llm_api_time_to_first_token_metric", "Seconds to a stream's first content", labels)
            .observe(seconds(times.first_token));
    if (times.completion_tokens > 0)
        histogram("litellm_deployment_latency_per_output_token", "Seconds per token of the answer", labels)
            .observe(seconds(times.upstream) / static_cast<double>(times.completion_tokens));
    for (auto [phase, time] :
         {std::pair("before", times.before), {"upstream", times.upstream}, {"after", times.after}})
        histogram("seance_litellm_phase_seconds", "Seconds of a request by phase", {{"phase", phase}})
            .observe(seconds(time));
}

void CallMetrics::attempt_ended(const Request& request, const Deployment& deployment,
                                const Endpoint& endpoint, const ApiError* error) {
    auto labels = of_deployment(deployment, endpoint) + of_request(request);
    counter("litellm_deployment_total_requests_total", "Calls of a deployment", labels).add();
    if (error)
        counter("litellm_deployment_failure_responses_total", "Calls of a deployment that failed",
                labels + of_error(*error))
            .add();
    else
        counter("litellm_deployment_success_responses_total", "Calls of a deployment that succeeded", labels)
            .add();
    set_state(deployment, endpoint, error ? State::Failing : State::Healthy);
}

void CallMetrics::cooled_down(const Deployment& deployment, const Endpoint& endpoint, const ApiError& error) {
    counter("litellm_deployment_cooled_down_total", "Times that a deployment was left out after failures",
            of_deployment(deployment, endpoint) + Labels{{"exception_status", std::to_string(error.status)}})
        .add();
    set_state(deployment, endpoint, State::Down);
}

void CallMetrics::set_state(const Deployment& deployment, const Endpoint& endpoint, State state) {
    gauge("litellm_deployment_state", "0 healthy, 1 failing, 2 cooling down",
          of_deployment(deployment, endpoint))
        .set(static_cast<int>(state));
}

void CallMetrics::fell_back(const Request& request, std::string_view fallback, const ApiError& original,
                            bool good) {
    counter(
        good ? "litellm_deployment_successful_fallbacks_total" : "litellm_deployment_failed_fallbacks_total",
        good ? "Fallbacks that answered" : "Fallbacks that failed as well",
        of_request(request) + of_error(original) + Labels{{"fallback_model", text(fallback)}})
        .add();
}

}  // namespace seance::litellm
