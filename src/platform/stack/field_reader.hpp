#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "platform/stack/rules.hpp"
#include "platform/stack/yaml_reader.hpp"

namespace seance::stack {

bool is_name(std::string_view name);      // of a service or environment: lower case, digits, inner dashes
bool is_variable(std::string_view name);  // of an environment variable

// Fields of several kinds of things in stack.yaml. Remembers in `places` where each was written.
struct FieldReader {
    YamlReader& read;
    Places& places;

    // NAME: text. `place` is the beginning of their keys in `places`.
    void variables(const YAML::Node& value, const std::string& which, const std::string& place,
                   std::map<std::string, std::string>& made);
    void named_texts(const YAML::Node& value, const std::string& which, const std::string& place,
                     std::map<std::string, std::string>& made);
    void secrets(const YAML::Node& value, const std::string& which, std::vector<std::string>& names);
};

}  // namespace seance::stack
