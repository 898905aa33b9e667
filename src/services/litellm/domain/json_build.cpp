#include "services/litellm/domain/json_build.hpp"

#include "core/observe/log.hpp"

namespace seance::litellm {

std::optional<JsonValue> JsonFields::find(std::string_view key) const {
    for (auto i = members_.size(); i-- > 0;)
        if (members_[i].key == key)
            return members_[i].value.is(JsonKind::Null) ? std::nullopt : std::optional(members_[i].value);
    return std::nullopt;
}

std::optional<JsonValue> JsonFields::find(std::string_view key, JsonKind kind) const {
    auto value = find(key);
    return value && value->is(kind) ? value : std::nullopt;
}

std::string JsonFields::text(std::string_view key) const {
    return json_text(find(key)).value_or("");
}

std::uint64_t JsonFields::count(std::string_view key) const {
    auto number = json_number(find(key));
    return number && *number > 0 && *number < 1e15 ? static_cast<std::uint64_t>(*number) : 0;
}

bool JsonFields::is_true(std::string_view key) const {
    return find(key, JsonKind::True).has_value();
}

std::vector<JsonValue> JsonFields::list(std::string_view key) const {
    auto value = find(key);
    return value ? json_elements(*value) : std::vector<JsonValue>{};
}

JsonObject& JsonObject::raw(std::string_view key, std::string_view json) {
    if (!empty()) out_ += ',';
    observe::append_json_string(out_, key);
    out_ += ':';
    out_ += json;
    return *this;
}

JsonObject& JsonObject::raw_if(std::string_view key, std::string_view json) {
    return json.empty() ? *this : raw(key, json);
}

JsonObject& JsonObject::raw_if(std::string_view key, const std::optional<JsonValue>& value) {
    return value ? raw(key, value->text) : *this;
}

JsonObject& JsonObject::text(std::string_view key, std::string_view value) {
    return raw(key, json_quote(value));
}

JsonObject& JsonObject::text_if(std::string_view key, std::string_view value) {
    return value.empty() ? *this : text(key, value);
}

JsonObject& JsonObject::number(std::string_view key, std::uint64_t value) {
    return raw(key, std::to_string(value));
}

JsonArray& JsonArray::add(std::string_view json) {
    if (!empty()) out_ += ',';
    out_ += json;
    return *this;
}

JsonArray& JsonArray::add_text(std::string_view value) {
    return add(json_quote(value));
}

}  // namespace seance::litellm
