#include "services/litellm/domain/sse.hpp"

#include <algorithm>

namespace seance::litellm {

// A plain loop: std::string_view::find_first_of makes a call for every byte.
std::size_t find_line_end(std::string_view bytes, std::size_t from) {
    auto rest = bytes.substr(from);
    auto end = std::find_if(rest.begin(), rest.end(), [](char c) { return c == '\n' || c == '\r'; });
    return end == rest.end() ? bytes.npos : from + static_cast<std::size_t>(end - rest.begin());
}

void SseParser::feed(std::string_view bytes) {
    while (!bytes.empty() && !overflowed_) {
        if (after_cr_) {
            after_cr_ = false;
            if (bytes.front() == '\n') {
                bytes.remove_prefix(1);
                continue;
            }
        }
        auto end = find_line_end(bytes);
        line_ += bytes.substr(0, end);
        if (line_.size() + data_.size() > most_) {
            overflowed_ = true;
            return;
        }
        if (end == std::string_view::npos) return;
        after_cr_ = bytes[end] == '\r';
        bytes.remove_prefix(end + 1);
        end_line();
    }
}

void SseParser::end_line() {
    std::string_view line = line_;
    if (first_line_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    first_line_ = false;
    if (line.empty()) {
        if (has_data_) events_.push_back(std::move(data_));
        data_.clear();
        has_data_ = false;
    } else {
        auto colon = line.find(':');
        if (line.substr(0, colon) == "data") {
            auto value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
            if (value.starts_with(' ')) value.remove_prefix(1);
            if (has_data_) data_ += '\n';
            data_ += value;
            has_data_ = true;
        }
    }
    line_.clear();
}

std::optional<std::string> SseParser::next() {
    if (events_.empty()) return std::nullopt;
    auto event = std::move(events_.front());
    events_.pop_front();
    return event;
}

std::optional<std::string> SseParser::rest() {
    if (!line_.empty()) end_line();
    if (!has_data_) return std::nullopt;
    has_data_ = false;
    return std::move(data_);
}

}  // namespace seance::litellm
