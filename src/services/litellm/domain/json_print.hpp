#pragma once
#include <boost/json/value.hpp>
#include <string>

namespace seance::litellm {

// JSON with numbers as Python's json writes them, and so LiteLLM: 0.0005 and 5e-05, where Boost.JSON writes
// 5E-4. As few digits as give the same number back.
std::string print_json(const boost::json::value& value);

}  // namespace seance::litellm
