#include "services/litellm/domain/json_values.hpp"

#include <algorithm>
#include <cmath>

namespace seance::litellm {

namespace json = boost::json;

std::optional<double> number_in(const json::value& value) {
    if (value.is_double()) return value.get_double();
    if (value.is_int64()) return static_cast<double>(value.get_int64());
    if (value.is_uint64()) return static_cast<double>(value.get_uint64());
    return std::nullopt;
}

bool same_json(const json::value& a, const json::value& b) {
    if (a.is_double() || b.is_double()) return number_in(a) == number_in(b) && number_in(a);
    if (a.is_array() && b.is_array())
        return std::equal(a.get_array().begin(), a.get_array().end(), b.get_array().begin(),
                          b.get_array().end(), same_json);
    if (a.is_object() && b.is_object() && a.get_object().size() == b.get_object().size())
        return std::all_of(a.get_object().begin(), a.get_object().end(), [&](auto& member) {
            auto other = b.get_object().if_contains(member.key());
            return other && same_json(member.value(), *other);
        });
    return a == b;
}

bool is_of_type(const json::value& value, std::string_view type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "null") return value.is_null();
    auto number = number_in(value);
    if (type == "integer") return number && std::floor(*number) == *number;
    return type != "number" || number;  // a type that nobody knows fits everything
}

const json::value* first_absent(const json::value& names, const json::object& members) {
    if (names.is_array())
        for (auto& name : names.get_array())
            if (name.is_string() && !members.contains(name.get_string())) return &name;
    return nullptr;
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace seance::litellm
