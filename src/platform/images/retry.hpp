#pragma once
#include <algorithm>

#include "core/base/text.hpp"
#include "core/runtime/wait.hpp"
#include "net/http/client.hpp"

namespace seance::images {

// After what pauses a request is tried again: 1 s, 3 s, 9 s.
struct RetryOptions {
    int attempts = 4;
    Duration first_pause = std::chrono::seconds(1);
    Duration longest_pause = std::chrono::seconds(30);
    Duration longest_retry_after = std::chrono::minutes(2);  // a server that asks for more is not waited for
};

// Counts the tries of one request.
class Retry {
  public:
    explicit Retry(const RetryOptions& options) : options_(options), pause_(options.first_pause) {}

    // Waits and says true if there may be another try. `answer`, if there was one, may say how long to wait.
    Awaitable<bool> again(const http::WholeResponse* answer = nullptr) {
        if (++tried_ >= options_.attempts) co_return false;
        auto pause = pause_;
        pause_ = std::min(pause_ * 3, options_.longest_pause);
        auto asked = answer ? parse_number(answer->fields.get("retry-after")) : std::nullopt;
        if (asked) {
            pause = std::chrono::seconds(std::min<std::uint64_t>(*asked, 1'000'000));
            if (pause > options_.longest_retry_after) co_return false;
        }
        co_await sleep_for(pause);
        co_return true;
    }

    // The last try brought something: the count begins anew.
    void progressed() {
        tried_ = 0;
        pause_ = options_.first_pause;
    }

  private:
    RetryOptions options_;
    int tried_ = 0;
    Duration pause_;
};

}  // namespace seance::images
