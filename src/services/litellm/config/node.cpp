#include "services/litellm/config/node.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>

#include "core/base/text.hpp"
#include "services/litellm/domain/json_text.hpp"

namespace seance::litellm {
namespace {

constexpr int kMostDepth = 100;
constexpr std::size_t kMostNodes =
    200'000;  // aliases are copied: a few lines could otherwise become gigabytes

struct TooBig {
    std::string what;
};

class Builder {
  public:
    Builder(std::shared_ptr<const std::string> file, Notes& notes) : file_(std::move(file)), notes_(notes) {}

    Node build(const YAML::Node& yaml, int depth) {
        Node node;
        node.file = file_;
        node.line = yaml.Mark().line + 1;
        if (depth > kMostDepth)
            throw TooBig{fmt::format("{}is nested too deeply, or an alias contains itself", node.place())};
        if (++nodes_ > kMostNodes)
            throw TooBig{
                fmt::format("{}the aliases unfold to more than {} values", node.place(), kMostNodes)};
        switch (yaml.Type()) {
            case YAML::NodeType::Undefined:
            case YAML::NodeType::Null:
                break;
            case YAML::NodeType::Scalar:
                node.kind = Node::Kind::Scalar;
                node.text = yaml.Scalar();
                node.quoted = yaml.Tag() == "!";
                if (!node.quoted && (node.text == "null" || node.text == "Null" || node.text == "NULL" ||
                                     node.text == "~" || node.text.empty()))
                    node.kind = Node::Kind::Null;
                break;
            case YAML::NodeType::Sequence:
                node.kind = Node::Kind::List;
                for (const auto& item : yaml) node.items.push_back(build(item, depth + 1));
                break;
            case YAML::NodeType::Map:
                build_map(yaml, node, depth);
                break;
        }
        return node;
    }

  private:
    void build_map(const YAML::Node& yaml, Node& node, int depth) {
        node.kind = Node::Kind::Map;
        std::vector<Node> merged;
        for (const auto& entry : yaml) {
            auto key = entry.first.IsScalar() ? entry.first.Scalar() : std::string("?");
            auto value = build(entry.second, depth + 1);
            value.line = entry.first.Mark().line + 1;
            if (key == "<<" && entry.first.Tag() != "!") {
                if (value.is_list())
                    std::move(value.items.begin(), value.items.end(), std::back_inserter(merged));
                else
                    merged.push_back(std::move(value));
                continue;
            }
            if (node.find(key))
                notes_.warnings.push_back(
                    fmt::format("{}{} is set twice; the last one counts", value.place(), key));
            node.set(key, std::move(value));
        }
        // What the map says itself wins, then earlier merged maps.
        for (auto& base : merged)
            for (auto& [key, value] : base.members)
                if (!node.find(key)) node.members.emplace_back(key, std::move(value));
    }

    std::shared_ptr<const std::string> file_;
    Notes& notes_;
    std::size_t nodes_ = 0;
};

std::optional<bool> word_to_bool(std::string_view text) {
    auto word = lower(text);
    if (word == "true" || word == "yes" || word == "on") return true;
    if (word == "false" || word == "no" || word == "off") return false;
    return std::nullopt;
}

std::optional<double> word_to_number(std::string_view text) {
    text = trim(text);
    if (text.starts_with('+')) text.remove_prefix(1);
    std::string digits(text);
    std::erase(digits, '_');  // YAML 1.1: 1_000
    double value = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty() ||
        !std::isfinite(value))
        return std::nullopt;
    return value;
}

void mismatch(const Node& node, Notes& notes, std::string_view wanted) {
    auto shown = node.kind == Node::Kind::Scalar ? fmt::format("\"{}\"", node.text.substr(0, 60))
                 : node.is_list()                ? "a list"
                                                 : "a map";
    notes.errors.push_back(
        fmt::format("{}{} stands where {} belongs; it is ignored", node.place(), shown, wanted));
}

}  // namespace

const Node* Node::find(std::string_view key) const {
    for (auto& [name, value] : members)
        if (name == key) return &value;
    return nullptr;
}

Node* Node::find(std::string_view key) {
    return const_cast<Node*>(std::as_const(*this).find(key));
}

void Node::set(std::string_view key, Node value) {
    if (auto present = find(key))
        *present = std::move(value);
    else
        members.emplace_back(key, std::move(value));
}

std::string Node::place() const {
    return fmt::format("{}:{}: ", file ? *file : std::string("config"), line);
}

Outcome<Node> parse_yaml(const std::string& text, const std::string& file, Notes& notes) {
    try {
        return Builder(std::make_shared<const std::string>(file), notes).build(YAML::Load(text), 0);
    } catch (const TooBig& error) {
        return Problem{error.what};
    } catch (const YAML::Exception& error) {
        return Problem{fmt::format("{}:{}: is not valid YAML: {}", file, error.mark.line + 1, error.msg)};
    }
}

void resolve_environment(Node& node, const config::Sources& environment) {
    constexpr std::string_view kPrefix = "os.environ/";
    for (auto& item : node.items) resolve_environment(item, environment);
    for (auto& [key, value] : node.members) resolve_environment(value, environment);
    if (node.kind != Node::Kind::Scalar || !node.text.starts_with(kPrefix)) return;
    auto name = std::string(trim(std::string_view(node.text).substr(kPrefix.size())));
    auto found = environment.find(name);
    auto value = found == environment.end() ? std::string_view{} : trim(found->second);
    if (value.empty()) {
        node.kind = Node::Kind::Null;
        node.missing_variable = name;
        node.text.clear();
    } else {
        node.text = value;
        node.quoted = node.from_variable = true;
    }
}

std::optional<std::string> read_text(const Node* node, Notes& notes) {
    if (!node || node->is_null()) return std::nullopt;
    if (node->kind == Node::Kind::Scalar) return node->text;
    mismatch(*node, notes, "a text");
    return std::nullopt;
}

std::optional<bool> read_bool(const Node* node, Notes& notes) {
    if (!node || node->is_null()) return std::nullopt;
    if (node->kind == Node::Kind::Scalar) {
        if (auto value = word_to_bool(trim(node->text))) return value;
        if (auto number = word_to_number(node->text)) return *number != 0;
    }
    mismatch(*node, notes, "true or false");
    return std::nullopt;
}

std::optional<double> read_number(const Node* node, Notes& notes) {
    if (!node || node->is_null()) return std::nullopt;
    if (node->kind == Node::Kind::Scalar)
        if (auto value = word_to_number(node->text)) return value;
    mismatch(*node, notes, "a number");
    return std::nullopt;
}

std::optional<double> read_above_zero(const Node* node, Notes& notes) {
    auto value = read_number(node, notes);
    if (!value || *value > 0) return value;
    mismatch(*node, notes, "a number above 0");
    return std::nullopt;
}

std::optional<std::int64_t> read_integer(const Node* node, Notes& notes) {
    auto value = read_number(node, notes);
    if (!value) return std::nullopt;
    if (*value == std::floor(*value) && std::abs(*value) < 9e15) return static_cast<std::int64_t>(*value);
    mismatch(*node, notes, "a whole number");
    return std::nullopt;
}

std::optional<std::uint64_t> read_count(const Node* node, Notes& notes) {
    auto value = read_above_zero(node, notes);
    auto count = value ? read_integer(node, notes) : std::nullopt;
    return count ? std::optional(static_cast<std::uint64_t>(*count)) : std::nullopt;
}

std::vector<std::string> read_texts(const Node* node, Notes& notes) {
    std::vector<std::string> texts;
    if (!node || node->is_null()) return texts;
    if (!node->is_list()) {
        if (auto text = read_text(node, notes)) texts.push_back(*text);
        return texts;
    }
    for (auto& item : node->items)
        if (auto text = read_text(&item, notes)) texts.push_back(*text);
    return texts;
}

std::string to_json(const Node& node) {
    std::string out;
    switch (node.kind) {
        case Node::Kind::Null:
            return "null";
        case Node::Kind::List:
            for (auto& item : node.items) out += (out.empty() ? "" : ",") + to_json(item);
            return "[" + out + "]";
        case Node::Kind::Map:
            for (auto& [key, value] : node.members) {
                if (!out.empty()) out += ',';
                out += json_quote(key) + ":" + to_json(value);
            }
            return "{" + out + "}";
        case Node::Kind::Scalar:
            break;
    }
    if (node.quoted) return json_quote(node.text);
    if (auto flag = word_to_bool(node.text)) return *flag ? "true" : "false";
    // Digits stay as written when JSON writes numbers the same way.
    if (auto value = parse_json(node.text); value && value->is(JsonKind::Number)) return node.text;
    if (auto number = word_to_number(node.text)) return fmt::format("{}", *number);
    return json_quote(node.text);
}

}  // namespace seance::litellm
