#pragma once
#include <yaml-cpp/yaml.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/stack/parse.hpp"

namespace seance::stack {

// Takes values out of YAML nodes and keeps a finding with its line for everything that does not fit.
class YamlReader {
  public:
    explicit YamlReader(std::vector<Finding>& problems) : problems_(problems) {}

    void problem(const YAML::Node& at, std::string what) {
        problems_.push_back({line_of(at), std::move(what)});
    }
    void problem(int line, std::string what) { problems_.push_back({line, std::move(what)}); }

    // Calls `each` for every entry of a mapping; a repeated key and a key that is no text are findings.
    using Entry =
        std::function<void(const std::string& key, const YAML::Node& key_node, const YAML::Node& value)>;
    bool mapping(const YAML::Node& node, std::string_view what, const Entry& each);

    // The same with a fixed set of keys: an unknown one is a finding with a suggestion, which begins so.
    static constexpr std::string_view kUnknownKey = "unknown key ";
    bool fields(const YAML::Node& node, std::string_view what, const std::vector<std::string>& keys,
                const Entry& each);

    bool text(const YAML::Node& node, std::string_view what, std::string& value);
    bool texts(const YAML::Node& node, std::string_view what, std::vector<std::string>& values);
    bool number(const YAML::Node& node, std::string_view what, std::uint64_t least, std::uint64_t most,
                std::uint64_t& value);
    bool boolean(const YAML::Node& node, std::string_view what, bool& value);
    bool duration(const YAML::Node& node, std::string_view what, Duration& value);
    bool choice(const YAML::Node& node, std::string_view what, const std::vector<std::string>& choices,
                std::size_t& index);

    static int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

  private:
    std::vector<Finding>& problems_;
};

}  // namespace seance::stack
