#pragma once
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace seance::litellm {

// Where the line ends that `from` is in: its first CR or LF, or npos.
std::size_t find_line_end(std::string_view bytes, std::size_t from = 0);

// Server-sent events from bytes that come in any pieces (HTML standard, section 9.2): lines end with LF, CRLF
// or CR, a BOM may lead, lines that begin with ":" are comments, several data lines join with LF. Only the
// data matters here; event names and ids are skipped.
class SseParser {
  public:
    // An event with more data than that makes the stream unusable: see overflowed().
    explicit SseParser(std::size_t most_event = 32 << 20) : most_(most_event) {}

    void feed(std::string_view bytes);
    std::optional<std::string> next();  // the data of the next finished event
    // At the end of the stream: the data of an event whose blank line never came.
    std::optional<std::string> rest();
    bool overflowed() const { return overflowed_; }

  private:
    void end_line();

    std::size_t most_;
    std::string line_, data_;
    std::deque<std::string> events_;
    bool has_data_ = false, after_cr_ = false, first_line_ = true, overflowed_ = false;
};

}  // namespace seance::litellm
