#pragma once
#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <string_view>

namespace seance::cli {

// A line of a service's log. One that is a JSON object is taken apart: its keys are attributes, "message" is
// the message. Railway keeps lines so; here parse_log_text() does it.
struct LogText {
    std::string message;
    std::string severity;                           // as whoever kept it took it for, "" if it was not told
    std::map<std::string, std::string> attributes;  // values are JSON text
};

LogText parse_log_text(std::string_view line);

// What it says, for people. Ours have their text under "event", and their fields follow it: "listened
// port=8765".
std::string readable(const LogText& line);

// Of the line itself before what others take it for; lower case, "" if nobody tells.
std::string level_of(const LogText& line);

// debug < info < warning < error; what is not known counts as info. -1: `word` is no level.
int level_rank(std::string_view word);

// Which lines are wanted: "" is no condition.
struct LogFilter {
    std::string grep;   // a part of what readable() gives
    std::string level;  // a word that level_rank() knows: lines of this level and above

    bool set() const { return !grep.empty() || !level.empty(); }
    bool passes(const LogText& line) const;
};

// The attributes as JSON values; one that is no JSON is its text.
boost::json::object attributes_of(const LogText& line);

}  // namespace seance::cli
