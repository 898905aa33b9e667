#include "core/config/reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "core/base/text.hpp"

namespace seance::config {
namespace {

bool within(Duration value, const About& about) {
    auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(value).count();
    return ms >= about.min && ms <= about.max;
}

// What a number without a unit will have meant: what the setting takes, and is of the size of its default. ""
// if it takes neither.
std::string with_unit(const std::string& number, Duration fallback, const About& about) {
    std::string likely;
    double least = 0;
    for (const char* unit : {"s", "ms"}) {
        auto value = parse_duration(number + unit);
        if (!value || !within(*value, about)) continue;
        // In orders of magnitude; where there is no default every number is of seconds.
        auto off = fallback == Duration::zero() || *value == Duration::zero()
                       ? 0.0
                       : std::abs(std::log(static_cast<double>(value->count()) /
                                           static_cast<double>(fallback.count())));
        if (!likely.empty() && off >= least) continue;
        likely = number + unit;
        least = off;
    }
    return likely;
}

}  // namespace

Sources process_environment() {
    Sources sources;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        std::string_view text = *entry;
        auto equals = text.find('=');
        if (equals != std::string_view::npos)
            sources.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return sources;
}

std::optional<std::string> Reader::take(const char* name, const About& about, std::string type,
                                        std::string fallback) {
    declared_.push_back(
        {name, std::string(about.about), std::move(type), std::move(fallback), about.required});
    auto found = sources_.find(name);
    if (found != sources_.end() && !found->second.empty()) return found->second;
    if (about.required) problem(fmt::format("{} is not set; it is required: {}", name, about.about));
    return std::nullopt;
}

void Reader::operator()(std::string& value, const char* name, const About& about) {
    auto text =
        take(name, about, about.one_of.empty() ? "text" : fmt::format("{}", fmt::join(about.one_of, " | ")),
             value);
    if (!text) return;
    if (!about.one_of.empty() &&
        std::find(about.one_of.begin(), about.one_of.end(), *text) == about.one_of.end())
        return problem(
            fmt::format("{} is \"{}\"; it must be one of: {}", name, *text, fmt::join(about.one_of, ", ")));
    value = *text;
}

void Reader::operator()(SecretText& value, const char* name, const About& about) {
    if (auto text = take(name, about, "secret", "")) value = SecretText(*text);
}

void Reader::operator()(bool& value, const char* name, const About& about) {
    auto text = take(name, about, "true | false", value ? "true" : "false");
    if (!text) return;
    auto word = lower(*text);
    if (word == "true" || word == "1" || word == "yes" || word == "on")
        value = true;
    else if (word == "false" || word == "0" || word == "no" || word == "off")
        value = false;
    else
        problem(fmt::format("{} is \"{}\"; write true or false", name, *text));
}

void Reader::operator()(Duration& value, const char* name, const About& about) {
    using std::chrono::milliseconds;
    auto text = take(name, about, "duration", print_duration(value));
    if (!text) return;
    auto parsed = parse_duration(*text);
    if (!parsed) {
        bool bare = parse_number(*text).has_value();
        auto likely = bare ? with_unit(*text, value, about) : "";
        return problem(
            fmt::format("{} is \"{}\"{}; write {}", name, *text, bare ? " without a unit" : "",
                        likely.empty() ? "a whole number and a unit, such as 5s, 500ms or 2m" : likely));
    }
    auto ms = std::chrono::duration_cast<milliseconds>(*parsed).count();
    if (ms < about.min)
        return problem(
            fmt::format("{} is {}; the least is {}", name, *text, print_duration(milliseconds(about.min))));
    if (ms > about.max)
        return problem(
            fmt::format("{} is {}; the most is {}", name, *text, print_duration(milliseconds(about.max))));
    value = *parsed;
}

void Reader::operator()(std::vector<std::string>& value, const char* name, const About& about) {
    auto text = take(name, about, "list", fmt::format("{}", fmt::join(value, ",")));
    if (!text) return;
    value.clear();
    for (auto part : split(*text, ','))
        if (auto item = trim(part); !item.empty()) value.emplace_back(item);
}

void Reader::number(std::uint64_t& value, const char* name, const About& about, std::uint64_t most) {
    auto text = take(name, about, "number", std::to_string(value));
    if (!text) return;
    auto parsed = parse_number(*text);
    auto least = static_cast<std::uint64_t>(about.min);
    most = std::min(most, static_cast<std::uint64_t>(about.max));
    if (!parsed) return problem(fmt::format("{} is \"{}\"; write a whole number", name, *text));
    if (*parsed < least || *parsed > most)
        return problem(fmt::format("{} is {}; it must be from {} to {}", name, *text, least, most));
    value = *parsed;
}

void Reader::operator()(std::uint16_t& value, const char* name, const About& about) {
    std::uint64_t wide = value;
    number(wide, name, about, std::numeric_limits<std::uint16_t>::max());
    value = static_cast<std::uint16_t>(wide);
}

void Reader::operator()(std::uint32_t& value, const char* name, const About& about) {
    std::uint64_t wide = value;
    number(wide, name, about, std::numeric_limits<std::uint32_t>::max());
    value = static_cast<std::uint32_t>(wide);
}

void Reader::operator()(std::uint64_t& value, const char* name, const About& about) {
    number(value, name, about, std::numeric_limits<std::uint64_t>::max());
}

std::string describe(const std::vector<Declared>& declared) {
    std::size_t width = 0;
    for (const auto& setting : declared) width = std::max(width, setting.name.size());
    std::string out;
    for (const auto& setting : declared) {
        out += fmt::format("  {:<{}}  {}", setting.name, width, setting.about);
        if (setting.required)
            out += " (required)";
        else if (!setting.fallback.empty())
            out += fmt::format(" [{}]", setting.fallback);
        out += '\n';
    }
    return out;
}

}  // namespace seance::config
