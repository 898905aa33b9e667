#include "cli/log_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "core/base/text.hpp"

namespace seance::cli {

namespace {

namespace json = boost::json;

// Told elsewhere in the line, or by who kept it.
constexpr std::array<std::string_view, 6> kElsewhere{"ts", "time", "timestamp", "level", "service", "event"};

json::value value_of(const std::string& text) {
    json::error_code error;
    auto value = json::parse(text, error);
    return error ? json::value(json::string(text)) : value;
}

std::string text_of(const json::value& value) {
    // As people write numbers: 0.397, and not 3.97E-1.
    if (value.is_double()) return fmt::format("{}", value.get_double());
    if (!value.is_string()) return json::serialize(value);
    const std::string text(value.get_string());
    // Quotes only where it would not be clear where the value ends.
    const bool plain = !text.empty() && text.find_first_of(" \t\n\"=") == std::string::npos;
    return plain ? text : json::serialize(value);
}

std::string text_at(const LogText& line, const std::string& name) {
    const auto found = line.attributes.find(name);
    if (found == line.attributes.end()) return {};
    const auto value = value_of(found->second);
    return value.is_string() ? std::string(value.get_string()) : std::string{};
}

// A service's output is not to move the terminal's cursor or paint over what stands there.
std::string tame(std::string text) {
    std::replace_if(
        text.begin(), text.end(),
        [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }, ' ');
    return text;
}

}  // namespace

LogText parse_log_text(std::string_view line) {
    LogText out;
    json::error_code error;
    const auto value = line.starts_with('{') ? json::parse(line, error) : json::value{};
    if (error || !value.is_object()) {
        out.message = line;
        return out;
    }
    for (const auto& [name, item] : value.get_object())
        if (name == "message" && item.is_string())
            out.message = item.get_string();
        else
            out.attributes[std::string(name)] = json::serialize(item);
    return out;
}

std::string readable(const LogText& line) {
    const auto event = text_at(line, "event");
    auto out = line.message.empty() ? event : line.message;
    const bool ours = line.message.empty();
    for (const auto& [name, text] : line.attributes) {
        const bool elsewhere = std::find(kElsewhere.begin(), kElsewhere.end(), name) != kElsewhere.end();
        if (elsewhere && (name != "event" || ours)) continue;
        out += (out.empty() ? "" : " ") + name + "=" + text_of(value_of(text));
    }
    return tame(std::move(out));
}

std::string level_of(const LogText& line) {
    const auto own = text_at(line, "level");
    return lower(own.empty() ? line.severity : own);
}

int level_rank(std::string_view word) {
    const auto level = lower(word);
    if (level == "trace" || level == "debug") return 0;
    if (level == "info" || level == "notice") return 1;
    if (level == "warn" || level == "warning") return 2;
    if (level == "err" || level == "error" || level == "fatal" || level == "critical") return 3;
    return -1;
}

bool LogFilter::passes(const LogText& line) const {
    if (!grep.empty() && readable(line).find(grep) == std::string::npos) return false;
    const auto rank = level_rank(level_of(line));
    return level.empty() || (rank < 0 ? level_rank("info") : rank) >= level_rank(level);
}

json::object attributes_of(const LogText& line) {
    json::object out;
    for (const auto& [name, text] : line.attributes) out[name] = value_of(text);
    return out;
}

}  // namespace seance::cli
