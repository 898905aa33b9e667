#include "services/litellm/domain/json_print.hpp"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <cmath>
#include <iterator>
#include <utility>

namespace seance::litellm {
namespace {

namespace json = boost::json;

// repr(float): what is whole keeps its ".0". JSON has no word for what is not finite.
void append_number(std::string& out, double number) {
    if (!std::isfinite(number)) {
        out += "null";
        return;
    }
    auto begin = out.size();
    fmt::format_to(std::back_inserter(out), "{}", number);
    if (out.find_first_of(".e", begin) == std::string::npos) out += ".0";
}

// As deep as what was parsed, which Boost.JSON bounds.
void append(std::string& out, const json::value& value) {
    switch (value.kind()) {
        case json::kind::double_:
            append_number(out, value.get_double());
            break;
        case json::kind::array: {
            char before = '[';
            for (auto& item : value.get_array()) {
                out += std::exchange(before, ',');
                append(out, item);
            }
            out += before == '[' ? "[]" : "]";
            break;
        }
        case json::kind::object: {
            char before = '{';
            for (auto& [name, member] : value.get_object()) {
                out += std::exchange(before, ',');
                out += json::serialize(json::string_view(name));
                out += ':';
                append(out, member);
            }
            out += before == '{' ? "{}" : "}";
            break;
        }
        default:
            out += json::serialize(value);
    }
}

}  // namespace

std::string print_json(const json::value& value) {
    std::string out;
    append(out, value);
    return out;
}

}  // namespace seance::litellm
