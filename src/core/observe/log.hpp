#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/duration.hpp"

namespace seance::observe {

enum class Level { Debug, Info, Warning, Error };

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// One JSON line on its way to standard output; it leaves when the object dies. Events are named in the past
// tense, values are fields:  log(Level::Info, "peer_closed").field("peer", id).field("ms", 12);
// Never give it a secret, a cookie, a body or an unmasked query.
class LogLine {
  public:
    LogLine(Level level, std::string_view event);
    ~LogLine();
    LogLine(const LogLine&) = delete;
    LogLine& operator=(const LogLine&) = delete;

    LogLine& field(std::string_view name, std::string_view value);
    LogLine& field(std::string_view name, const char* value) { return field(name, std::string_view(value)); }
    LogLine& field(std::string_view name, bool value);
    LogLine& field(std::string_view name, std::int64_t value);
    LogLine& field(std::string_view name, std::uint64_t value);
    LogLine& field(std::string_view name, int value) { return field(name, static_cast<std::int64_t>(value)); }
    LogLine& field(std::string_view name, unsigned value) {
        return field(name, static_cast<std::uint64_t>(value));
    }
    LogLine& field(std::string_view name, double value);
    LogLine& ms(std::string_view name, Duration value);  // as milliseconds with three decimals
    LogLine& raw(std::string_view members);              // rendered JSON members: `,"upstream_status":200`

  private:
    void name(std::string_view name);

    bool wanted_;
    std::string line_;
};

inline LogLine log(Level level, std::string_view event) {
    return LogLine(level, event);
}

// Lines below this level are not made. Set once at start; default Info.
void set_level(Level level);

// The "service" field of every line. Set once at start.
void set_service(std::string_view name);

// Lines are handed to a writer thread through a buffer of at most 1 MiB, so that a reader of standard output
// that stalls never stalls a request; what does not fit is dropped and counted in a later line. flush() waits
// (at most one second) until everything handed over has been written.
void flush();

}  // namespace seance::observe
