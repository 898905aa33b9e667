#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/targets/railway/api.hpp"
#include "platform/targets/railway/subscription.hpp"

namespace seance::railway {

struct LogStreamOptions {
    std::string filter;  // "" = all
    int backlog = 100;   // lines from before the start
    std::string since;   // RFC 3339; "" = the backlog alone
    Duration first_pause = std::chrono::seconds(1), longest_pause = std::chrono::seconds(8);
    double pause_growth = 1.5;
    Duration stable_after = std::chrono::seconds(30);  // then the pauses begin anew
    Duration poll_interval = std::chrono::seconds(5);  // when no WebSocket can be opened
    double backoff_scale = 1.0;                        // every pause times this: 0 in tests
    SubscriptionOptions subscription;
    // Told what a person may want to know: "reconnecting: …", "polling: …"; "" when all is well again.
    std::function<void(std::string_view)> on_note;
};

// A log that is followed until cancelled: over reconnections without gaps or repetitions, by polling where no
// WebSocket can be opened. It never tells how a deployment ended: ask the deployment.
class LogStream {
  public:
    enum class Source {
        Environment,  // what all services print; `id` is the environment's
        Deployment,   // what one deployment prints
        Build,
        Http,  // the requests that the edge has answered for one deployment
    };
    LogStream(Api& api, Source source, std::string id, LogStreamOptions options = {});

    // The next lines, oldest first, at least one. A Failure is final (credential, unknown id). Cancellation
    // of the awaiting task ends it. One call at a time.
    Awaitable<Reply<std::vector<LogLine>>> next();
    // True once the server said that nothing more will come (a build's log): next() then gives an empty list.
    bool completed() const;

    ~LogStream();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace seance::railway
