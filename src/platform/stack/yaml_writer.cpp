#include "platform/stack/yaml_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "core/base/text.hpp"

namespace seance::stack {

namespace {

namespace json = boost::json;

// What YAML 1.1 takes for a boolean or nothing; YAML 1.2 knows fewer.
constexpr std::array<std::string_view, 10> kWords{"true", "false", "yes", "no",   "on",
                                                  "off",  "y",     "n",   "null", "nan"};

bool is_plain(std::string_view text) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto inner = [&](char c) {
        return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '/' || c == '@' ||
               c == '+';
    };
    // Digits first may be a number or a time; a colon or a space inside is left to quotes.
    if (text.empty() || !(letter(text[0]) || text[0] == '/')) return false;
    if (!std::all_of(text.begin(), text.end(), inner)) return false;
    const auto word = lower(text);
    return std::find(kWords.begin(), kWords.end(), word) == kWords.end();
}

std::string scalar(const json::value& value) {
    switch (value.kind()) {
        case json::kind::string:
            return yaml_scalar(value.get_string());
        case json::kind::bool_:
            return value.get_bool() ? "true" : "false";
        case json::kind::int64:
            return std::to_string(value.get_int64());
        case json::kind::uint64:
            return std::to_string(value.get_uint64());
        case json::kind::double_:
            return fmt::format("{}", value.get_double());
        case json::kind::object:
            return "{}";
        case json::kind::array:
            return "[]";
        case json::kind::null:
            break;
    }
    return "null";
}

bool is_block(const json::value& value) {
    return (value.is_object() && !value.get_object().empty()) ||
           (value.is_array() && !value.get_array().empty());
}

// Writes a block whose first line is already indented: what stands behind "- ".
void write(const json::value& value, std::size_t indent, std::string& out) {
    const std::string margin(indent, ' ');
    bool first = true;
    const auto begin_line = [&] {
        if (!first) out += margin;
        first = false;
    };
    if (value.is_object()) {
        for (const auto& [key, item] : value.get_object()) {
            begin_line();
            out += yaml_scalar(key) + ":";
            if (is_block(item)) {
                // A list stands as deep as its key, as most people write it.
                const auto deeper = item.is_object() ? indent + 2 : indent;
                out += "\n" + std::string(deeper, ' ');
                write(item, deeper, out);
            } else {
                out += " " + scalar(item) + "\n";
            }
        }
        return;
    }
    for (const auto& item : value.get_array()) {
        begin_line();
        out += "- ";
        if (is_block(item))
            write(item, indent + 2, out);
        else
            out += scalar(item) + "\n";
    }
}

}  // namespace

std::string yaml_scalar(std::string_view text) {
    if (is_plain(text)) return std::string(text);
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            out += fmt::format("\\{}", c);
        else if (c == '\n')
            out += "\\n";
        else if (c == '\t')
            out += "\\t";
        else if (c == '\r')
            out += "\\r";
        else if (byte < 0x20 || byte == 0x7f)
            out += fmt::format("\\x{:02x}", byte);
        else
            out += c;
    }
    return out + "\"";
}

std::string write_yaml(const json::value& value) {
    if (!is_block(value)) return scalar(value) + "\n";
    std::string out;
    write(value, 0, out);
    return out;
}

}  // namespace seance::stack
