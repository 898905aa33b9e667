#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "platform/targets/railway/model.hpp"

namespace seance::cli {

// What a log line says, for people. Railway takes a JSON line apart and keeps its keys as attributes; ours
// have their text under "event", and their fields follow it: "listened port=8765".
std::string readable(const railway::LogLine& line);

// Of the line itself before what Railway takes it for; lower case, "" if nobody tells.
std::string level_of(const railway::LogLine& line);

// debug < info < warning < error; what is not known counts as info. -1: `word` is no level.
int level_rank(std::string_view word);

// The attributes as JSON values; one that is no JSON is its text.
boost::json::object attributes_of(const railway::LogLine& line);

}  // namespace seance::cli
