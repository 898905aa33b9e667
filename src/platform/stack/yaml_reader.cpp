#include "platform/stack/yaml_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "core/base/text.hpp"

namespace seance::stack {

namespace {

std::string_view kind_of(const YAML::Node& node) {
    if (node.IsMap()) return "a mapping";
    if (node.IsSequence()) return "a list";
    if (node.IsScalar()) return "a text";
    return "nothing";
}

}  // namespace

bool YamlReader::mapping(const YAML::Node& node, std::string_view what, const Entry& each) {
    if (!node.IsMap()) {
        problem(node, fmt::format("{} must be a mapping, not {}", what, kind_of(node)));
        return false;
    }
    std::map<std::string, int> seen;
    for (const auto& entry : node) {
        if (!entry.first.IsScalar()) {
            problem(entry.first, fmt::format("a key of {} must be a text", what));
            continue;
        }
        const auto& key = entry.first.Scalar();
        auto [first, fresh] = seen.emplace(key, line_of(entry.first));
        if (!fresh) {
            problem(entry.first, fmt::format("\"{}\" appears twice in {}; the first is on line {}", key, what,
                                             first->second));
            continue;
        }
        each(key, entry.first, entry.second);
    }
    return true;
}

bool YamlReader::fields(const YAML::Node& node, std::string_view what, const std::vector<std::string>& keys,
                        const Entry& each) {
    return mapping(node, what,
                   [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
                       if (std::find(keys.begin(), keys.end(), key) != keys.end())
                           return each(key, key_node, value);
                       auto hint = did_you_mean(key, keys);
                       if (hint.empty()) hint = fmt::format("; it has {}", fmt::join(keys, ", "));
                       problem(key_node, fmt::format("{}\"{}\" in {}{}", kUnknownKey, key, what, hint));
                   });
}

bool YamlReader::text(const YAML::Node& node, std::string_view what, std::string& value) {
    if (!node.IsScalar()) {
        problem(node, fmt::format("{} must be a text, not {}", what, kind_of(node)));
        return false;
    }
    value = node.Scalar();
    return true;
}

bool YamlReader::texts(const YAML::Node& node, std::string_view what, std::vector<std::string>& values) {
    if (!node.IsSequence()) {
        problem(node, fmt::format("{} must be a list, not {}", what, kind_of(node)));
        return false;
    }
    for (const auto& item : node) {
        std::string value;
        if (text(item, fmt::format("an entry of {}", what), value)) values.push_back(std::move(value));
    }
    return true;
}

bool YamlReader::number(const YAML::Node& node, std::string_view what, std::uint64_t least,
                        std::uint64_t most, std::uint64_t& value) {
    auto parsed = node.IsScalar() ? parse_number(node.Scalar()) : std::nullopt;
    if (parsed && *parsed >= least && *parsed <= most) {
        value = *parsed;
        return true;
    }
    problem(node,
            fmt::format("{} must be a whole number from {} to {}, not {}", what, least, most,
                        node.IsScalar() ? fmt::format("\"{}\"", node.Scalar()) : std::string(kind_of(node))));
    return false;
}

bool YamlReader::boolean(const YAML::Node& node, std::string_view what, bool& value) {
    std::size_t index = 0;
    if (!choice(node, what, {"false", "true"}, index)) return false;
    value = index == 1;
    return true;
}

bool YamlReader::duration(const YAML::Node& node, std::string_view what, Duration& value) {
    auto parsed = node.IsScalar() ? parse_duration(node.Scalar()) : std::nullopt;
    if (!parsed) {
        problem(node, fmt::format("{} must be a time with its unit, such as 30s or 2m", what));
        return false;
    }
    value = *parsed;
    return true;
}

bool YamlReader::choice(const YAML::Node& node, std::string_view what,
                        const std::vector<std::string>& choices, std::size_t& index) {
    std::string value;
    if (!text(node, what, value)) return false;
    auto found = std::find(choices.begin(), choices.end(), value);
    if (found == choices.end()) {
        problem(node, fmt::format("{} is \"{}\"; it must be one of {}{}", what, value,
                                  fmt::join(choices, ", "), did_you_mean(value, choices)));
        return false;
    }
    index = static_cast<std::size_t>(found - choices.begin());
    return true;
}

}  // namespace seance::stack
