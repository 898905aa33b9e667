#include "services/litellm/domain/wires/gemini_schema.hpp"

#include <algorithm>
#include <vector>

#include "services/litellm/domain/json_build.hpp"

namespace seance::litellm {
namespace {

constexpr int kDeepest = 32;
constexpr std::size_t kLargest = 1 << 20;  // of what inlining may make of a schema

constexpr std::string_view kKept[] = {"title",     "description", "nullable",         "minItems",
                                      "maxItems",  "required",    "minProperties",    "minLength",
                                      "maxLength", "pattern",     "propertyOrdering", "default",
                                      "minimum",   "maximum",     "maxProperties",    "example"};

bool is_kept(std::string_view key) {
    return std::find(std::begin(kKept), std::end(kKept), key) != std::end(kKept);
}

class Cleaner {
  public:
    explicit Cleaner(const JsonValue& root) : root_(root) {}

    std::string clean(const JsonValue& schema, int depth) {
        if (!schema.is(JsonKind::Object)) return "{}";
        if (depth > kDeepest || made_ > kLargest) return "{\"type\":\"object\"}";
        JsonFields fields(schema);
        if (auto target = fields.text("$ref"); !target.empty()) {
            auto found = resolve(target);
            if (!found || std::find(open_.begin(), open_.end(), target) != open_.end())
                return "{\"type\":\"object\"}";
            open_.push_back(target);
            auto out = clean(*found, depth + 1);
            open_.pop_back();
            return out;
        }
        // One alternative beside null is that one, nullable.
        for (auto key : {"anyOf", "oneOf", "allOf"}) {
            auto list = fields.list(key);
            if (list.empty()) continue;
            std::vector<JsonValue> real;
            for (auto& one : list)
                if (JsonFields(one).text("type") != "null") real.push_back(one);
            bool nullable = real.size() < list.size();
            if (real.size() == 1) return merged(fields, clean(real[0], depth + 1), nullable);
            JsonArray cleaned;
            for (auto& one : real) cleaned.add(clean(one, depth + 1));
            JsonObject out;
            keep(fields, out);
            if (nullable) out.raw("nullable", "true");
            return note(out.raw("anyOf", cleaned.str()).str());
        }
        JsonObject out;
        write_type(fields, out);
        keep(fields, out);
        if (auto properties = fields.find("properties", JsonKind::Object)) {
            JsonObject inner;
            for (auto& member : json_members(*properties))
                inner.raw(member.key, clean(member.value, depth + 1));
            out.raw("properties", inner.str());
        }
        if (auto items = fields.find("items")) out.raw("items", clean(*items, depth + 1));
        return note(out.str());
    }

  private:
    std::string note(std::string text) {
        made_ += text.size();
        return text;
    }

    void keep(const JsonFields& fields, JsonObject& out) const {
        for (auto& member : fields.members())
            if (is_kept(member.key)) out.raw(member.key, member.value.text);
    }

    std::string merged(const JsonFields& outer, const std::string& inner, bool nullable) {
        auto root = parse_json(inner);
        JsonFields own(*root);
        JsonObject out;
        for (auto& member : own.members()) out.raw(member.key, member.value.text);
        for (auto& member : outer.members())
            if (is_kept(member.key) && !own.find(member.key)) out.raw(member.key, member.value.text);
        if (nullable && !own.find("nullable")) out.raw("nullable", "true");
        return note(out.str());
    }

    void write_type(const JsonFields& fields, JsonObject& out) const {
        auto type = fields.text("type");
        bool nullable = false;
        for (auto& one : fields.list("type")) {
            auto name = json_text(one).value_or("");
            if (name == "null")
                nullable = true;
            else if (type.empty())
                type = name;
        }
        auto values = fields.find("enum", JsonKind::Array);
        auto constant = fields.find("const");
        if (type.empty() && fields.find("properties")) type = "object";
        if (type.empty() && (values || (constant && constant->is(JsonKind::String)))) type = "string";
        out.text_if("type", type);
        if (nullable) out.raw("nullable", "true");
        auto format = fields.text("format");
        for (std::string_view known : {"enum", "date-time", "int32", "int64", "float", "double"})
            if (format == known) out.text("format", format);
        // Only texts can be enumerated.
        if (type != "string") return;
        if (constant) out.raw("enum", "[" + std::string(constant->text) + "]");
        if (!values) return;
        JsonArray texts;
        for (auto& value : json_elements(*values))
            if (value.is(JsonKind::String) && value.text != "\"\"") texts.add(value.text);
        if (!texts.empty()) out.raw("enum", texts.str());
    }

    // "#/$defs/Thing"
    std::optional<JsonValue> resolve(std::string_view target) const {
        if (!target.starts_with("#/")) return std::nullopt;
        target.remove_prefix(2);
        std::optional<JsonValue> at = root_;
        while (at && !target.empty()) {
            auto slash = target.find('/');
            at = json_find(*at, target.substr(0, slash));
            target = slash == std::string_view::npos ? std::string_view{} : target.substr(slash + 1);
        }
        return at;
    }

    const JsonValue& root_;
    std::vector<std::string> open_;
    std::size_t made_ = 0;
};

}  // namespace

std::string gemini_schema(std::string_view schema) {
    auto root = parse_json(schema);
    return root ? Cleaner(*root).clean(*root, 0) : "{}";
}

}  // namespace seance::litellm
