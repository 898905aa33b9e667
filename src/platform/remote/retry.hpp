#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/runtime/awaitable.hpp"
#include "net/http/message.hpp"
#include "platform/remote/failure.hpp"

namespace seance::remote {

// May a call be repeated when its answer is lost? `No` for what makes a new thing each time.
enum class Idempotent { No, Yes };

struct RetryOptions {
    int attempts = 5;  // of one call, the first included
    Duration first_pause = std::chrono::milliseconds(500), longest_pause = std::chrono::seconds(10);
    // The longest time that a "too many requests" is waited out; beyond it the caller is told.
    Duration longest_wait = std::chrono::seconds(90);
    double backoff_scale = 1.0;  // every pause times this: 0 in tests
};

// The pauses of one call: doubling, unless the remote names its own.
class Backoff {
  public:
    explicit Backoff(const RetryOptions& options) : options_(options), pause_(options.first_pause) {}

    // The pause before the next try; nothing if there must be none: attempts used up, or `asked_for` (what
    // the remote wants us to wait) is longer than longest_wait.
    std::optional<Duration> next(std::optional<Duration> asked_for = {});
    const RetryOptions& options() const { return options_; }
    int tries() const { return tries_; }
    // A try has brought something: the count and the pauses begin anew.
    void restart();

  private:
    RetryOptions options_;
    Duration pause_;
    int tries_ = 1;
};

Awaitable<void> pause(Duration time, double scale);

// Waits for the next try; false if there must be none. `answer`, if there was one, may say how long to wait.
Awaitable<bool> another_try(Backoff& backoff, const http::Fields* answer);

// Retry-After of an answer: whole seconds or a date. Nothing if absent or not understood.
std::optional<Duration> retry_after(const http::Fields& fields, std::chrono::system_clock::time_point now);

// Whether nothing of the request can have reached the remote: no address, refused, no TLS.
bool was_never_sent(error_code error);

// Text of a remote for our sentences: one line, no control characters, at most `most` bytes.
std::string tame(std::string_view text, std::size_t most = 500);

}  // namespace seance::remote
