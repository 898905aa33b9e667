#pragma once
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/base/text_map.hpp"
#include "core/observe/metrics.hpp"
#include "services/litellm/domain/api_error.hpp"
#include "services/litellm/domain/deployment.hpp"

namespace seance::litellm {

// LiteLLM's metrics of requests, deployments and latencies (reference, section 17.3), as one loop counts
// them. Their labels come from the configuration and from keys; beyond kMostSeries combinations "other"
// stands for the rest.
class CallMetrics {
  public:
    static constexpr std::size_t kMostSeries = 1000;

    // Who asked for what.
    struct Request {
        std::string_view key, alias, team, team_alias, user;
        std::string_view requested_model;  // a public name or pattern, never what a client made up
        std::string_view route;            // the path as the table of routes writes it
    };
    // How it went.
    struct Times {
        Duration total{0};
        Duration overhead{0};  // total without what upstreams and waits took
        Duration before{0}, upstream{0}, after{0};
        Duration first_token{0};  // of a stream; 0: none
        std::uint64_t completion_tokens = 0;
    };

    void request_ended(const Request& request, int status, const ApiError* error);
    void answered(const Request& request, const Deployment& deployment, const Times& times);

    enum class State { Healthy = 0, Failing = 1, Down = 2 };
    void attempt_ended(const Request& request, const Deployment& deployment, const Endpoint& endpoint,
                       const ApiError* error);
    void cooled_down(const Deployment& deployment, const Endpoint& endpoint, const ApiError& error);
    void set_state(const Deployment& deployment, const Endpoint& endpoint, State state);
    void fell_back(const Request& request, std::string_view fallback, const ApiError& original, bool good);

  private:
    using Labels = observe::Labels;
    // What one combination of labels counts into. Labels are texts and the registry locks, so each loop makes
    // and asks once for each combination, and finds it again by the labels' values.
    struct Ended {
        observe::Counter *requests = nullptr, *failed = nullptr;
    };
    struct Answered {
        observe::Histogram *total = nullptr, *overhead = nullptr, *upstream = nullptr, *first_token = nullptr,
                           *per_token = nullptr;
    };
    struct Attempted {
        observe::Counter *attempts = nullptr, *outcome = nullptr;
    };
    struct Phases {
        Phases();
        observe::Histogram *before, *upstream, *after;
    };
    std::string_view key_of(std::initializer_list<std::string_view> values);

    TextMap<Ended> ended_;
    TextMap<Answered> answered_;
    TextMap<Attempted> attempted_;
    TextMap<observe::Gauge*> states_;
    TextMap<observe::Counter*> cooled_, fallbacks_;
    Phases phases_;
    std::string key_;  // keeps its memory
};

}  // namespace seance::litellm
