#include "platform/stack/field_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace seance::stack {

using YAML::Node;

bool is_name(std::string_view name) {
    const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    return !name.empty() && name.size() <= 40 && name.front() != '-' && name.back() != '-' &&
           std::all_of(name.begin(), name.end(), good);
}

bool is_variable(std::string_view name) {
    const auto good = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    };
    return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
           std::all_of(name.begin(), name.end(), good);
}

void FieldReader::variables(const Node& value, const std::string& which, const std::string& place,
                            std::map<std::string, std::string>& made) {
    read.mapping(value, which, [&](const std::string& name, const Node& at, const Node& item) {
        places.emplace(place + "." + name, YamlReader::line_of(item));
        if (is_variable(name))
            read.text(item, name + " in " + which, made[name]);
        else
            read.problem(at, fmt::format("\"{}\" in {} is no name of a variable", name, which));
    });
}

void FieldReader::named_texts(const Node& value, const std::string& which, const std::string& place,
                              std::map<std::string, std::string>& made) {
    read.mapping(value, which, [&](const std::string& name, const Node& at, const Node& item) {
        places.emplace(place + "." + name, YamlReader::line_of(at));
        read.text(item, name + " in " + which, made[name]);
    });
}

void FieldReader::secrets(const Node& value, const std::string& which, std::vector<std::string>& names) {
    if (!read.texts(value, which, names)) return;
    std::set<std::string> seen;
    for (const auto& item : value) {
        if (!item.IsScalar()) continue;
        if (!is_variable(item.Scalar()))
            read.problem(item, fmt::format("\"{}\" in {} is no name of a variable", item.Scalar(), which));
        if (!seen.insert(item.Scalar()).second)
            read.problem(item, fmt::format("\"{}\" appears twice in {}", item.Scalar(), which));
    }
}

}  // namespace seance::stack
