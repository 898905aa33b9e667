#include "services/litellm/domain/json_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cmath>

#include "core/base/text.hpp"

namespace seance::litellm {
namespace {

namespace json = boost::json;
using Problem = std::optional<std::string>;

constexpr int kMostDepth = 200;
constexpr int kMostSteps = 1'000'000;

std::optional<double> number_in(const json::value& value) {
    if (value.is_double()) return value.get_double();
    if (value.is_int64()) return static_cast<double>(value.get_int64());
    if (value.is_uint64()) return static_cast<double>(value.get_uint64());
    return std::nullopt;
}

std::optional<double> limit_of(const json::object& schema, std::string_view word) {
    auto found = schema.if_contains(word);
    return found ? number_in(*found) : std::nullopt;
}

// 1 and 1.0 are one number, also inside of lists and objects.
bool same(const json::value& a, const json::value& b) {
    auto left = number_in(a), right = number_in(b);
    if (left || right) return left == right;
    if (a.is_array() && b.is_array())
        return std::equal(a.get_array().begin(), a.get_array().end(), b.get_array().begin(),
                          b.get_array().end(), same);
    if (a.is_object() && b.is_object() && a.get_object().size() == b.get_object().size())
        return std::all_of(a.get_object().begin(), a.get_object().end(), [&](auto& member) {
            auto other = b.get_object().if_contains(member.key());
            return other && same(member.value(), *other);
        });
    return a == b;
}

bool is_of(const json::value& value, std::string_view type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "null") return value.is_null();
    auto number = number_in(value);
    if (type == "integer") return number && std::floor(*number) == *number;
    return type != "number" || number;  // a type that nobody knows fits everything
}

// The first of a list of names that is no member; null if all are, or it is no list.
const json::value* first_absent(const json::value& names, const json::object& members) {
    if (names.is_array())
        for (auto& name : names.get_array())
            if (name.is_string() && !members.contains(name.get_string())) return &name;
    return nullptr;
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

class Check {
  public:
    explicit Check(const json::value& root) : root_(root) {}

    Problem check(const json::value& schema, const json::value& value, const std::string& at) {
        if (++steps_ > kMostSteps) return at + " takes too many steps to check against this schema";
        if (depth_ >= kMostDepth) return at + " nests too deeply to be checked";
        ++depth_;
        auto problem = inside(schema, value, at);
        --depth_;
        return problem;
    }

  private:
    Problem inside(const json::value& schema, const json::value& value, const std::string& at) {
        if (schema.is_bool()) return schema.get_bool() ? Problem() : Problem(at + " must not be there");
        if (!schema.is_object()) return std::nullopt;
        auto& rules = schema.get_object();
        if (auto problem = values(rules, value, at)) return problem;
        if (value.is_object())
            if (auto problem = members(rules, value.get_object(), at)) return problem;
        if (value.is_array())
            if (auto problem = elements(rules, value.get_array(), at)) return problem;
        return combined(rules, value, at);
    }

    Problem values(const json::object& rules, const json::value& value, const std::string& at) {
        if (auto problem = types(rules, value, at)) return problem;
        if (auto only = rules.if_contains("const"); only && !same(*only, value))
            return fmt::format("{} must be {}", at, json::serialize(*only));
        if (auto list = rules.if_contains("enum"); list && list->is_array()) {
            auto& all = list->get_array();
            if (std::none_of(all.begin(), all.end(), [&](auto& one) { return same(one, value); }))
                return fmt::format("{} must be one of {}", at, json::serialize(*list));
        }
        if (value.is_string()) {
            auto length = static_cast<double>(characters(value.get_string()));
            if (auto least = limit_of(rules, "minLength"); least && length < *least)
                return fmt::format("{} must have at least {} characters", at, *least);
            if (auto most = limit_of(rules, "maxLength"); most && length > *most)
                return fmt::format("{} must have at most {} characters", at, *most);
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
            if (is_of(value, name)) return std::nullopt;
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

    Problem members(const json::object& rules, const json::object& value, const std::string& at) {
        if (auto names = rules.if_contains("required"))
            if (auto name = first_absent(*names, value))
                return fmt::format("{} must have the member {}", at, json::serialize(*name));
        auto size = static_cast<double>(value.size());
        if (auto least = limit_of(rules, "minProperties"); least && size < *least)
            return fmt::format("{} must have at least {} members", at, *least);
        if (auto most = limit_of(rules, "maxProperties"); most && size > *most)
            return fmt::format("{} must have at most {} members", at, *most);
        auto known = rules.if_contains("properties");
        auto patterns = rules.if_contains("patternProperties");
        auto others = patterns ? nullptr : rules.if_contains("additionalProperties");
        auto names = rules.if_contains("propertyNames");
        for (auto& member : value) {
            auto place = fmt::format("{}.{}", at, std::string_view(member.key()));
            if (names)
                if (auto problem = check(*names, json::value(member.key()), place)) return problem;
            auto own = known && known->is_object() ? known->get_object().if_contains(member.key()) : nullptr;
            if (auto schema = own ? own : others)
                if (auto problem = check(*schema, member.value(), place)) return problem;
        }
        return depending(rules, value, at);
    }

    Problem depending(const json::object& rules, const json::object& value, const std::string& at) {
        auto lists = rules.if_contains("dependentRequired");
        if (!lists || !lists->is_object()) return std::nullopt;
        for (auto& rule : lists->get_object()) {
            if (!value.contains(rule.key())) continue;
            if (auto name = first_absent(rule.value(), value))
                return fmt::format("{} must have the member {}, since it has {}", at, json::serialize(*name),
                                   std::string_view(rule.key()));
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
                    if (++steps_ > kMostSteps) return at + " takes too many steps to check";
                    if (same(value[i], value[j])) return fmt::format("{} must not repeat an element", at);
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
    int depth_ = 0, steps_ = 0;
};

}  // namespace

std::optional<std::string> schema_problem(const json::value& schema, const json::value& value) {
    return Check(schema).check(schema, value, "$");
}

}  // namespace seance::litellm
