#include "services/litellm/domain/raw_events.hpp"

#include <utility>

#include "services/litellm/domain/sse.hpp"

namespace seance::litellm {
namespace {

std::string data_of(std::string_view bytes, std::size_t most) {
    SseParser parser(most);
    parser.feed(bytes);
    if (auto data = parser.next()) return *data;
    return parser.rest().value_or("");
}

}  // namespace

void RawEvents::feed(std::string_view bytes) {
    if (overflowed_) return;
    bytes_ += bytes;
    while (seen_ < bytes_.size()) {
        char c = bytes_[seen_];
        if (c != '\n' && c != '\r') {
            auto end = find_line_end(bytes_, seen_);
            seen_ = end == std::string::npos ? bytes_.size() : end;
            continue;
        }
        // Of CR LF the LF must be seen too, or it would begin the next event.
        if (c == '\r' && seen_ + 1 == bytes_.size()) break;
        bool blank = seen_ == line_begin_;
        seen_ += c == '\r' && bytes_[seen_ + 1] == '\n' ? 2 : 1;
        line_begin_ = seen_;
        if (!blank) continue;
        auto event = bytes_.substr(0, seen_);
        bytes_.erase(0, seen_);
        seen_ = line_begin_ = 0;
        auto data = data_of(event, most_);
        events_.push_back({std::move(event), std::move(data)});
    }
    if (bytes_.size() > most_) overflowed_ = true;
}

std::optional<RawEvents::Event> RawEvents::next() {
    if (events_.empty()) return std::nullopt;
    auto event = std::move(events_.front());
    events_.pop_front();
    return event;
}

std::optional<RawEvents::Event> RawEvents::rest() {
    if (bytes_.empty()) return std::nullopt;
    auto data = data_of(bytes_, most_);
    return Event{std::exchange(bytes_, {}), std::move(data)};
}

}  // namespace seance::litellm
