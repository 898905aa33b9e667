#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/reader.hpp"

namespace seance::litellm {

// What a person should know about their configuration, beside what is refused.
struct Notes {
    std::vector<std::string> warnings, errors;  // "config.yaml:12: …"
    std::vector<std::string> faults;            // of the errors, those for which a reload is refused
};

// One value of a YAML document with the place it stands at; anchors and merge keys are already resolved.
struct Node {
    enum class Kind { Null, Scalar, List, Map };
    Kind kind = Kind::Null;
    std::string text = {};  // of a scalar
    bool quoted = false;    // a scalar that is a string whatever it looks like
    std::vector<Node> items = {};
    std::vector<std::pair<std::string, Node>> members = {};
    std::shared_ptr<const std::string> file = {};
    int line = 0;
    bool from_variable = false;         // the text is that of os.environ/…
    std::string missing_variable = {};  // Null because this variable of os.environ/… is not set

    bool is_map() const { return kind == Kind::Map; }
    bool is_list() const { return kind == Kind::List; }
    bool is_null() const { return kind == Kind::Null; }
    const Node* find(std::string_view key) const;
    Node* find(std::string_view key);
    void set(std::string_view key, Node value);  // replaces or appends
    std::string place() const;                   // "config.yaml:12: "
};

// Parses one document. The sentence names the line on failure. Recursive and exploding aliases are refused.
Outcome<Node> parse_yaml(const std::string& text, const std::string& file, Notes& notes);

// Replaces every text that starts with os.environ/ by that variable, white space around it removed.
void resolve_environment(Node& node, const config::Sources& environment);

// Typed readings. A number or boolean may be written as a string of it; null counts as absent. What does not
// fit is an error note and counts as absent.
std::optional<std::string> read_text(const Node* node, Notes& notes);
std::optional<bool> read_bool(const Node* node, Notes& notes);
std::optional<double> read_number(const Node* node, Notes& notes);
std::optional<double> read_above_zero(const Node* node, Notes& notes);
std::optional<std::int64_t> read_integer(const Node* node, Notes& notes);
std::optional<std::uint64_t> read_count(const Node* node, Notes& notes);  // 1 at least
std::vector<std::string> read_texts(const Node* node, Notes& notes);      // a list, or one text

// The value as JSON: numbers keep their digits, YAML's words for true, false and null become JSON's.
std::string to_json(const Node& node);

}  // namespace seance::litellm
