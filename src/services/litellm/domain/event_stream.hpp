#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace seance::litellm {

// AWS's binary framing of streamed answers (vnd.amazon.eventstream): lengths, headers, payload, and a CRC-32
// of the prelude and of the whole, both checked.
class EventStream {
  public:
    struct Message {
        std::map<std::string, std::string, std::less<>> headers;  // the textual ones
        std::string payload;

        std::string_view header(std::string_view name) const;
    };
    // A message longer than that makes the stream unusable; Amazon allows 16 MiB of payload.
    explicit EventStream(std::size_t most_message = (16 << 20) + (128 << 10)) : most_(most_message) {}

    void feed(std::string_view bytes);
    std::optional<Message> next();
    bool broken() const { return broken_; }           // what came cannot be a stream of this form
    bool pending() const { return !bytes_.empty(); }  // a message has begun and not ended

  private:
    std::size_t most_;
    std::string bytes_;
    bool broken_ = false;
};

// One message in that framing: for tests.
std::string frame_event(const std::map<std::string, std::string>& headers, std::string_view payload);

}  // namespace seance::litellm
