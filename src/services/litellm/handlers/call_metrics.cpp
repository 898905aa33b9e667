#include "services/litellm/handlers/call_metrics.hpp"

#include <array>
#include <charconv>

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

std::string_view base_of(const Endpoint& endpoint) {
    return std::string_view(endpoint.base).substr(0, endpoint.base.find('?'));
}

std::string_view provider_of(const Endpoint& endpoint) {
    return endpoint.provider ? std::string_view(endpoint.provider->prefix) : std::string_view();
}

observe::Labels of_deployment(const Deployment& deployment, const Endpoint& endpoint) {
    return {{"litellm_model_name", deployment.litellm_model},
            {"model_id", deployment.id},
            {"api_base", text(base_of(endpoint))},
            {"api_provider", text(provider_of(endpoint))}};
}

observe::Labels operator+(observe::Labels a, const observe::Labels& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

observe::Labels of_error(const ApiError& error) {
    return {{"exception_status", std::to_string(error.status)},
            {"exception_class", text(class_name(error.error_class()))}};
}

// A number as text, in place.
class NumberText {
  public:
    explicit NumberText(int number) {
        auto end = std::to_chars(text_.data(), text_.data() + text_.size(), number).ptr;
        size_ = static_cast<std::size_t>(end - text_.data());
    }
    operator std::string_view() const { return {text_.data(), size_}; }

  private:
    std::array<char, 12> text_;
    std::size_t size_;
};

std::string_view class_of(const ApiError* error) {
    return error ? class_name(error->error_class()) : std::string_view();
}

// Makes metrics for labels as they are, or, once there are too many, with "other" for each value.
class Maker {
  public:
    explicit Maker(bool others) : others_(others) {}
    observe::Counter* counter(std::string_view name, std::string_view help, observe::Labels labels) const {
        return &observe::metrics().counter(name, help, told(std::move(labels)));
    }
    observe::Gauge* gauge(std::string_view name, std::string_view help, observe::Labels labels) const {
        return &observe::metrics().gauge(name, help, told(std::move(labels)));
    }
    observe::Histogram* histogram(std::string_view name, std::string_view help,
                                  observe::Labels labels) const {
        return &observe::metrics().histogram(name, help, kBounds, told(std::move(labels)));
    }

  private:
    observe::Labels told(observe::Labels labels) const {
        if (others_)
            for (auto& [name, value] : labels) value = "other";
        return labels;
    }
    bool others_;
};

// What `make` makes for these labels' values, made once.
template <class Series, class Make>
Series& known(TextMap<Series>& all, std::string_view key, Make make) {
    static constexpr std::string_view kOthers = "others";  // keys begin with a length
    if (auto found = all.find(key); found != all.end()) return found->second;
    if (all.size() < CallMetrics::kMostSeries) {
        Maker maker(false);
        return all.emplace(std::string(key), make(maker)).first->second;
    }
    if (auto found = all.find(kOthers); found != all.end()) return found->second;
    Maker maker(true);
    return all.emplace(std::string(kOthers), make(maker)).first->second;
}

}  // namespace

// Good until the next call. With lengths, since a name may hold any byte.
std::string_view CallMetrics::key_of(std::initializer_list<std::string_view> values) {
    key_.clear();
    for (auto value : values) {
        auto size = static_cast<std::uint32_t>(value.size());
        key_.append(reinterpret_cast<const char*>(&size), sizeof(size)).append(value);
    }
    return key_;
}

void CallMetrics::request_ended(const Request& r, int status, const ApiError* error) {
    NumberText code(status), error_code(error ? error->status : 0);
    auto key = key_of({r.key, r.alias, r.team, r.team_alias, r.user, r.requested_model, r.route, code,
                       error_code, class_of(error)});
    auto& series = known(ended_, key, [&](const Maker& make) {
        auto labels = of_request(r) + Labels{{"route", text(r.route)}};
        Ended made;
        made.requests = make.counter("litellm_proxy_total_requests_metric_total", "Requests",
                                     labels + Labels{{"status_code", text(code)}});
        if (error)
            made.failed = make.counter("litellm_proxy_failed_requests_metric_total", "Requests that failed",
                                       labels + of_error(*error));
        return made;
    });
    series.requests->add();
    if (series.failed) series.failed->add();
}

void CallMetrics::answered(const Request& request, const Deployment& deployment, const Times& times) {
    auto& series = known(answered_, key_of({request.requested_model, deployment.id}), [&](const Maker& make) {
        Labels labels{{"requested_model", text(request.requested_model)}, {"model_id", deployment.id}};
        Answered made;
        made.total = make.histogram("litellm_request_total_latency_metric",
                                    "Seconds from request to the end of its answer", labels);
        made.overhead =
            make.histogram("litellm_overhead_latency_metric", "Seconds that the gateway added", labels);
        made.upstream =
            make.histogram("litellm_llm_api_latency_metric", "Seconds that the upstream took", labels);
        made.first_token = make.histogram("litellm_llm_api_time_to_first_token_metric",
                                          "Seconds to a stream's first content", labels);
        made.per_token = make.histogram("litellm_deployment_latency_per_output_token",
                                        "Seconds per token of the answer", labels);
        return made;
    });
    series.total->observe(seconds(times.total));
    series.overhead->observe(seconds(times.overhead));
    series.upstream->observe(seconds(times.upstream));
    if (times.first_token > Duration{0}) series.first_token->observe(seconds(times.first_token));
    if (times.completion_tokens > 0)
        series.per_token->observe(seconds(times.upstream) / static_cast<double>(times.completion_tokens));
    phases_.before->observe(seconds(times.before));
    phases_.upstream->observe(seconds(times.upstream));
    phases_.after->observe(seconds(times.after));
}

CallMetrics::Phases::Phases() {
    auto phase = [](std::string_view name) {
        return Maker(false).histogram("seance_litellm_phase_seconds", "Seconds of a request by phase",
                                      {{"phase", text(name)}});
    };
    before = phase("before");
    upstream = phase("upstream");
    after = phase("after");
}

void CallMetrics::attempt_ended(const Request& r, const Deployment& deployment, const Endpoint& endpoint,
                                const ApiError* error) {
    NumberText error_code(error ? error->status : 0);
    auto key =
        key_of({deployment.litellm_model, deployment.id, base_of(endpoint), provider_of(endpoint), r.key,
                r.alias, r.team, r.team_alias, r.user, r.requested_model, error_code, class_of(error)});
    auto& series = known(attempted_, key, [&](const Maker& make) {
        auto labels = of_deployment(deployment, endpoint) + of_request(r);
        Attempted made;
        made.attempts =
            make.counter("litellm_deployment_total_requests_total", "Calls of a deployment", labels);
        made.outcome = error ? make.counter("litellm_deployment_failure_responses_total",
                                            "Calls of a deployment that failed", labels + of_error(*error))
                             : make.counter("litellm_deployment_success_responses_total",
                                            "Calls of a deployment that succeeded", labels);
        return made;
    });
    series.attempts->add();
    series.outcome->add();
    set_state(deployment, endpoint, error ? State::Failing : State::Healthy);
}

void CallMetrics::cooled_down(const Deployment& deployment, const Endpoint& endpoint, const ApiError& error) {
    NumberText code(error.status);
    auto key =
        key_of({deployment.litellm_model, deployment.id, base_of(endpoint), provider_of(endpoint), code});
    known(cooled_, key, [&](const Maker& make) {
        return make.counter("litellm_deployment_cooled_down_total",
                            "Times that a deployment was left out after failures",
                            of_deployment(deployment, endpoint) + Labels{{"exception_status", text(code)}});
    })->add();
    set_state(deployment, endpoint, State::Down);
}

void CallMetrics::set_state(const Deployment& deployment, const Endpoint& endpoint, State state) {
    auto key = key_of({deployment.litellm_model, deployment.id, base_of(endpoint), provider_of(endpoint)});
    known(states_, key, [&](const Maker& make) {
        return make.gauge("litellm_deployment_state", "0 healthy, 1 failing, 2 cooling down",
                          of_deployment(deployment, endpoint));
    })->set(static_cast<int>(state));
}

void CallMetrics::fell_back(const Request& r, std::string_view fallback, const ApiError& original,
                            bool good) {
    NumberText code(original.status);
    auto key = key_of({r.key, r.alias, r.team, r.team_alias, r.user, r.requested_model, code,
                       class_of(&original), fallback, good ? "1" : "0"});
    known(fallbacks_, key, [&](const Maker& make) {
        return make.counter(good ? "litellm_deployment_successful_fallbacks_total"
                                 : "litellm_deployment_failed_fallbacks_total",
                            good ? "Fallbacks that answered" : "Fallbacks that failed as well",
                            of_request(r) + of_error(original) + Labels{{"fallback_model", text(fallback)}});
    })->add();
}

}  // namespace seance::litellm
