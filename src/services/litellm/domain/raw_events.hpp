#pragma once
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace seance::litellm {

// Server-sent events as the bytes they came in, one by one, for streams that are passed on unchanged. Each
// event is given with its blank line; comments between events belong to the next one.
class RawEvents {
  public:
    struct Event {
        std::string bytes, data;
    };
    explicit RawEvents(std::size_t most_event = 32 << 20) : most_(most_event) {}

    void feed(std::string_view bytes);
    std::optional<Event> next();
    std::optional<Event> rest();  // at the end: what no blank line has ended
    bool overflowed() const { return overflowed_; }

  private:
    std::size_t most_;
    std::string bytes_;
    std::size_t seen_ = 0;        // of bytes_, as far as lines are known
    std::size_t line_begin_ = 0;  // of the line that is not ended yet
    bool overflowed_ = false;
    std::deque<Event> events_;
};

}  // namespace seance::litellm
