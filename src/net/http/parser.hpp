#pragma once
#include <span>
#include <string_view>

#include "net/http/message.hpp"

namespace seance::http {

// Strict, incremental, without I/O: reference/edge.md sections 1.1 and 1.2. What is ambiguous is refused.

// The outcome of looking at the bytes that have come so far.
struct HeadProgress {
    enum State { Incomplete, Complete, Refused } state = Incomplete;
    std::size_t consumed =
        0;           // Complete: bytes of the head, with skipped empty lines and the final blank line
    int status = 0;  // Refused: what to answer (400, 405, 413, 414, 417, 431, 501, 505)
    const char* reason = "";  // Refused: for the log, a literal without input in it
};

// Finds and parses one request head. Give it all bytes since the last message each time more have come; it
// remembers how far it has looked. Views in the head point into `data`.
class RequestParser {
  public:
    HeadProgress parse(std::string_view data, RequestHead& head);
    void reset() {
        scanned_ = 0;
        line_start_ = 0;
        head_start_ = 0;
    }

  private:
    std::size_t scanned_ = 0, line_start_ = 0, head_start_ = 0;
};

// The same for a response; `to_head`: the request was HEAD. 1xx other than 101 are Complete like any other.
class ResponseParser {
  public:
    HeadProgress parse(std::string_view data, ResponseHead& head, bool to_head);
    void reset() {
        scanned_ = 0;
        line_start_ = 0;
    }

  private:
    std::size_t scanned_ = 0, line_start_ = 0;
};

// Takes the framing off a body. One per message.
class BodyDecoder {
  public:
    BodyDecoder() = default;
    BodyDecoder(Framing framing, std::uint64_t length);

    struct Step {
        std::size_t consumed = 0;  // bytes of the input that are dealt with
        std::string_view data;     // body bytes among them (may be empty though consumed > 0)
        bool bad = false;  // a violation of the chunked framing (400 from a client, 502 from an upstream)
    };
    // Takes as much of `input` as gives one piece of data. Call again with the rest. consumed == 0 and not
    // done(): more input is needed.
    Step take(std::string_view input);
    bool done() const { return done_; }
    bool until_close() const { return framing_ == Framing::UntilClose; }

  private:
    Framing framing_ = Framing::None;
    bool done_ = true;
    std::uint64_t left_ = 0;  // of the length, or of the current chunk
    int state_ = 0;           // where in the chunked framing
    std::size_t line_ = 0, extensions_ = 0, trailers_ = 0;
    int digits_ = 0;
};

bool is_token(std::string_view text);        // RFC 9110 section 5.6.2
bool is_field_value(std::string_view text);  // no control byte but HTAB
bool is_host(std::string_view text);         // host[:port] of RFC 3986

}  // namespace seance::http
