#pragma once
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace seance::stack {

// A JSON value as YAML in block style, ending with a line break: keys in their order, texts quoted wherever
// some reader of YAML 1.1 or 1.2 could take them for something else.
std::string write_yaml(const boost::json::value& value);

// A text as one scalar: plain where that is safe, else in double quotes.
std::string yaml_scalar(std::string_view text);

}  // namespace seance::stack
