#include "platform/exports/tofu_text.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace seance::exports {

namespace {

namespace json = boost::json;

void print(const json::value& value, std::size_t indent, std::string& out) {
    const std::string margin(indent + 2, ' ');
    if (value.is_object() && !value.get_object().empty()) {
        out += "{";
        bool first = true;
        for (const auto& [key, item] : value.get_object()) {
            out += fmt::format("{}\n{}{}: ", first ? "" : ",", margin, json::serialize(json::string(key)));
            print(item, indent + 2, out);
            first = false;
        }
        out += "\n" + std::string(indent, ' ') + "}";
    } else if (value.is_array() && !value.get_array().empty()) {
        out += "[";
        bool first = true;
        for (const auto& item : value.get_array()) {
            out += fmt::format("{}\n{}", first ? "" : ",", margin);
            print(item, indent + 2, out);
            first = false;
        }
        out += "\n" + std::string(indent, ' ') + "]";
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

std::string tofu_literal(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        // At the end a template may follow, and doubling would itself be an escape of some; a template that
        // gives the one character is right everywhere.
        const bool marks =
            (c == '$' || c == '%') && (i + 1 == text.size() || text[i + 1] == '{' || text[i + 1] == c);
        if (marks)
            out += fmt::format("${{\"{}\"}}", c);
        else
            out += c;
    }
    return out;
}

std::string tofu_name(std::string_view text) {
    const bool digit = !text.empty() && text[0] >= '0' && text[0] <= '9';
    // No name in stack.yaml has an underscore, so nothing else is called that.
    return (digit ? "s_" : "") + std::string(text);
}

std::string tofu_variable(std::string_view service, std::string_view secret) {
    return fmt::format("{}_{}", tofu_name(service), secret);
}

std::string tofu_variable(std::string_view secret) {
    // Names of variables have no dash, so this is none of a service.
    return fmt::format("{}-secret", tofu_name(secret));
}

std::string tofu_template(const Value& value) {
    std::string out;
    for (const auto& piece : value) {
        if (piece.kind == Piece::Text)
            out += tofu_literal(piece.text);
        else if (piece.kind == Piece::Secret)
            out += fmt::format("${{var.{}}}", tofu_variable(piece.text));
        else
            out += fmt::format("${{sha256(var.{})}}", tofu_variable(piece.text));
    }
    return out;
}

std::string pretty_json(const json::value& value) {
    std::string out;
    print(value, 0, out);
    return out + "\n";
}

}  // namespace seance::exports
