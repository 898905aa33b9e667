#pragma once
#include <boost/json/value.hpp>
#include <cstddef>
#include <optional>
#include <string_view>

// What JSON Schema says of values by themselves.
namespace seance::litellm {

std::optional<double> number_in(const boost::json::value& value);
// 1 and 1.0 are one number, also inside of lists and objects.
bool same_json(const boost::json::value& a, const boost::json::value& b);
bool is_of_type(const boost::json::value& value, std::string_view type);
// The first of a list of names that is no member; null if all are, or it is no list.
const boost::json::value* first_absent(const boost::json::value& names, const boost::json::object& members);
std::size_t characters(std::string_view text);  // code points of UTF-8

}  // namespace seance::litellm
