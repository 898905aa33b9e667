#include "services/litellm/domain/json_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <map>

#include "core/base/text.hpp"
#include "services/litellm/domain/ecma_pattern.hpp"
#include "services/litellm/domain/json_values.hpp"

namespace seance::litellm {
namespace {

namespace json = boost::json;
using Problem = std::optional<std::string>;

constexpr int kMostDepth = 200;
constexpr int kMostSteps = 1'000'000;

std::optional<double> limit_of(const json::object& schema, std::string_view word) {
    auto found = schema.if_contains(word);
    return found ? number_in(*found) : std::nullopt;
}

class Check {
  public:
    explicit Check(const json::value& root) : root_(root) {}

    Problem check(const json::value& schema, const json::value& value, const std::string& at) {
        if (++steps_ > kMostSteps) return too_long(at);
        if (depth_ >= kMostDepth) return at + " nests too deeply to be checked";
        ++depth_;
        auto problem = inside(schema, value, at);
        --depth_;
        if (!problem && steps_ > kMostSteps) problem = too_long(at);
        return problem;
    }

  private:
    static std::string too_long(const std::string& at) {
        return at + " takes too many steps to check against this schema";
    }

    Problem inside(const json::value& schema, const json::value& value, const std::string& at) {
        if (schema.is_bool()) return schema.get_bool() ? Problem() : Problem(at + " must not be there");
        if (!schema.is_object()) return std::nullopt;
        auto& rules = schema.get_object();
        if (auto problem = values(rules, value, at)) return problem;
        if (value.is_object())
            if (auto problem = members(rules, value, at)) return problem;
        if (value.is_array())
            if (auto problem = elements(rules, value.get_array(), at)) return problem;
        return combined(rules, value, at);
    }

    Problem values(const json::object& rules, const json::value& value, const std::string& at) {
        if (auto problem = types(rules, value, at)) return problem;
        if (auto only = rules.if_contains("const"); only && !same_json(*only, value))
            return fmt::format("{} must be {}", at, json::serialize(*only));
        if (auto list = rules.if_contains("enum"); list && list->is_array()) {
            auto& all = list->get_array();
            if (std::none_of(all.begin(), all.end(), [&](auto& one) { return same_json(one, value); }))
                return fmt::format("{} must be one of {}", at, json::serialize(*list));
        }
        if (value.is_string()) {
            auto length = static_cast<double>(characters(value.get_string()));
            if (auto least = limit_of(rules, "minLength"); least && length < *least)
                return fmt::format("{} must have at least {} characters", at, *least);
            if (auto most = limit_of(rules, "maxLength"); most && length > *most)
                return fmt::format("{} must have at most {} characters", at, *most);
            auto pattern = rules.if_contains("pattern");
            if (pattern && pattern->is_string() && found(pattern->get_string(), value.get_string()) == false)
                return fmt::format("{} must match the pattern {}", at, json::serialize(*pattern));
        }
        if (auto number = number_in(value)) return numbers(rules, *number, at);
        return std::nullopt;
    }

    static Problem types(const json::object& rules, const json::value& value, const std::string& at) {
        auto type = rules.if_contains("type");
        if (!type) return std::nullopt;
        std::vector<std::string> names;
        if (type->is_string()) names.push_back(lower(std::string_view(type->get_string())));
        if (type->is_array())
            for (auto& one : type->get_array())
                if (one.is_string()) names.push_back(lower(std::string_view(one.get_string())));
        for (auto& name : names)
            if (is_of_type(value, name)) return std::nullopt;
        return names.empty() ? Problem() : fmt::format("{} must be of type {}", at, json::serialize(*type));
    }

    static Problem numbers(const json::object& rules, double number, const std::string& at) {
        if (auto least = limit_of(rules, "minimum"); least && number < *least)
            return fmt::format("{} must be at least {}", at, *least);
        if (auto most = limit_of(rules, "maximum"); most && number > *most)
            return fmt::format("{} must be at most {}", at, *most);
        if (auto least = limit_of(rules, "exclusiveMinimum"); least && number <= *least)
            return fmt::format("{} must be above {}", at, *least);
        if (auto most = limit_of(rules, "exclusiveMaximum"); most && number >= *most)
            return fmt::format("{} must be below {}", at, *most);
        auto unit = limit_of(rules, "multipleOf");
        if (!unit || *unit <= 0) return std::nullopt;
        auto times = number / *unit;
        if (std::fabs(times - std::round(times)) > 1e-9 * std::max(1.0, std::fabs(times)))
            return fmt::format("{} must be a multiple of {}", at, *unit);
        return std::nullopt;
    }

    Problem members(const json::object& rules, const json::value& whole, const std::string& at) {
        auto& value = whole.get_object();
        if (auto names = rules.if_contains("required"))
            if (auto name = first_absent(*names, value))
                return fmt::format("{} must have the member {}", at, json::serialize(*name));
        auto size = static_cast<double>(value.size());
        if (auto least = limit_of(rules, "minProperties"); least && size < *least)
            return fmt::format("{} must have at least {} members", at, *least);
        if (auto most = limit_of(rules, "maxProperties"); most && size > *most)
            return fmt::format("{} must have at most {} members", at, *most);
        auto names = rules.if_contains("propertyNames");
        for (auto& member : value) {
            auto place = fmt::format("{}.{}", at, std::string_view(member.key()));
            if (names)
                if (auto problem = check(*names, json::value(member.key()), place)) return problem;
            if (auto problem = one_member(rules, member.key(), member.value(), place)) return problem;
        }
        return depending(rules, whole, at);
    }

    // By `properties` and all of `patternProperties` that match its name; by `additionalProperties` if none
    // does. A pattern that is not understood may match.
    Problem one_member(const json::object& rules, std::string_view name, const json::value& value,
                       const std::string& place) {
        auto known = rules.if_contains("properties");
        auto own = known && known->is_object() ? known->get_object().if_contains(name) : nullptr;
        bool others = !own;
        if (own)
            if (auto problem = check(*own, value, place)) return problem;
        auto patterns = rules.if_contains("patternProperties");
        if (patterns && patterns->is_object())
            for (auto& rule : patterns->get_object()) {
                auto matches = found(rule.key(), name);
                others = others && matches == false;
                if (!matches.value_or(false)) continue;
                if (auto problem = check(rule.value(), value, place)) return problem;
            }
        auto additional = others ? rules.if_contains("additionalProperties") : nullptr;
        return additional ? check(*additional, value, place) : Problem();
    }

    // Nothing: the pattern is not understood.
    std::optional<bool> found(std::string_view pattern, std::string_view text) {
        auto known = patterns_.find(pattern);
        if (known == patterns_.end()) {
            steps_ += static_cast<int>(std::min(pattern.size(), EcmaPattern::kMostLength));
            known = patterns_.emplace(std::string(pattern), EcmaPattern::parse(pattern)).first;
        }
        if (!known->second) return std::nullopt;
        // What a step costs at most is what it costs to compare two values, some hundred nanoseconds.
        constexpr std::size_t kStatesInAStep = 256;
        auto steps = text.size() * (known->second->length() + 1) / kStatesInAStep;
        steps_ += static_cast<int>(std::min<std::size_t>(steps, kMostSteps));
        if (steps_ > kMostSteps) return true;  // which check() tells
        return known->second->found_in(text);
    }

    Problem depending(const json::object& rules, const json::value& whole, const std::string& at) {
        auto& value = whole.get_object();
        // Draft 7 has one word for both.
        for (auto word : {"dependentRequired", "dependentSchemas", "dependencies"}) {
            auto lists = rules.if_contains(word);
            if (!lists || !lists->is_object()) continue;
            for (auto& rule : lists->get_object()) {
                if (!value.contains(rule.key())) continue;
                if (auto name = first_absent(rule.value(), value))
                    return fmt::format("{} must have the member {}, since it has {}", at,
                                       json::serialize(*name), std::string_view(rule.key()));
                if (auto problem = check(rule.value(), whole, at)) return problem;
            }
        }
        return std::nullopt;
    }

    Problem elements(const json::object& rules, const json::array& value, const std::string& at) {
        auto size = static_cast<double>(value.size());
        if (auto least = limit_of(rules, "minItems"); least && size < *least)
            return fmt::format("{} must have at least {} elements", at, *least);
        if (auto most = limit_of(rules, "maxItems"); most && size > *most)
            return fmt::format("{} must have at most {} elements", at, *most);
        // A list of schemas for the first elements, and one for the others, by their newer or older names.
        auto first = rules.if_contains("prefixItems");
        auto others = rules.if_contains("items");
        if (others && others->is_array()) {
            first = others;
            others = rules.if_contains("additionalItems");
        }
        auto fixed = first && first->is_array() ? first->get_array().size() : 0;
        for (std::size_t i = 0; i < value.size(); ++i) {
            auto place = fmt::format("{}[{}]", at, i);
            auto schema = i < fixed ? &first->get_array()[i] : others;
            if (!schema) continue;
            if (auto problem = check(*schema, value[i], place)) return problem;
        }
        if (auto unique = rules.if_contains("uniqueItems"); unique && unique->is_bool() && unique->get_bool())
            for (std::size_t i = 0; i < value.size(); ++i)
                for (std::size_t j = 0; j < i; ++j) {
                    if (++steps_ > kMostSteps) return too_long(at);
                    if (same_json(value[i], value[j]))
                        return fmt::format("{} must not repeat an element", at);
                }
        return contained(rules, value, at);
    }

    Problem contained(const json::object& rules, const json::array& value, const std::string& at) {
        auto wanted = rules.if_contains("contains");
        if (!wanted) return std::nullopt;
        auto count = static_cast<double>(
            std::count_if(value.begin(), value.end(), [&](auto& one) { return !check(*wanted, one, at); }));
        if (count < limit_of(rules, "minContains").value_or(1))
            return fmt::format("{} must contain more elements of a kind that it has {} of", at, count);
        if (auto most = limit_of(rules, "maxContains"); most && count > *most)
            return fmt::format("{} must contain at most {} elements of a kind", at, *most);
        return std::nullopt;
    }

    // How many of a list of schemas fit; nothing if it is no list.
    std::optional<std::size_t> fitting(const json::object& rules, std::string_view word,
                                       const json::value& value, const std::string& at, Problem& last) {
        auto list = rules.if_contains(word);
        if (!list || !list->is_array()) return std::nullopt;
        std::size_t count = 0;
        for (auto& schema : list->get_array()) {
            auto problem = check(schema, value, at);
            if (problem)
                last = std::move(problem);
            else
                ++count;
        }
        return count;
    }

    Problem combined(const json::object& rules, const json::value& value, const std::string& at) {
        if (auto reference = rules.if_contains("$ref"); reference && reference->is_string())
            if (auto schema = find(std::string_view(reference->get_string())))
                if (auto problem = check(*schema, value, at)) return problem;
        if (auto all = rules.if_contains("allOf"); all && all->is_array())
            for (auto& schema : all->get_array())
                if (auto problem = check(schema, value, at)) return problem;
        Problem last;
        if (fitting(rules, "anyOf", value, at, last) == 0u)
            return fmt::format("{} fits none of anyOf ({})", at, last.value_or("it is empty"));
        if (auto count = fitting(rules, "oneOf", value, at, last); count && *count != 1)
            return fmt::format("{} fits {} schemas of oneOf instead of one", at, *count);
        if (auto never = rules.if_contains("not"); never && !check(*never, value, at))
            return fmt::format("{} must not fit {}", at, json::serialize(*never));
        auto condition = rules.if_contains("if");
        if (!condition) return std::nullopt;
        auto then = rules.if_contains(check(*condition, value, at) ? "else" : "then");
        return then ? check(*then, value, at) : Problem();
    }

    // "#", "#/$defs/name": RFC 6901 within the schema. What leads elsewhere asks for nothing.
    const json::value* find(std::string_view reference) const {
        if (!reference.starts_with('#')) return nullptr;
        if (reference == "#") return &root_;
        boost::system::error_code wrong;
        auto found = root_.find_pointer(json::string_view(reference.data() + 1, reference.size() - 1), wrong);
        return wrong ? nullptr : found;
    }

    const json::value& root_;
    std::map<std::string, std::optional<EcmaPattern>, std::less<>> patterns_;
    int depth_ = 0, steps_ = 0;
};

}  // namespace

std::optional<std::string> schema_problem(const json::value& schema, const json::value& value) {
    return Check(schema).check(schema, value, "$");
}

}  // namespace seance::litellm
