#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/litellm/domain/json_text.hpp"

namespace seance::litellm {

// The members of one object, decoded once; null counts as absent. The object's text must outlive it.
class JsonFields {
  public:
    JsonFields() = default;
    explicit JsonFields(const JsonValue& object) : members_(json_members(object)) {}
    explicit JsonFields(const std::optional<JsonValue>& object) {
        if (object) members_ = json_members(*object);
    }

    std::optional<JsonValue> find(std::string_view key) const;  // the last of that name
    std::optional<JsonValue> find(std::string_view key, JsonKind kind) const;
    std::string text(std::string_view key) const;     // "" if it is no string
    std::uint64_t count(std::string_view key) const;  // 0 if it is no sensible number
    bool is_true(std::string_view key) const;
    std::vector<JsonValue> list(std::string_view key) const;  // no array: none
    const std::vector<JsonMember>& members() const { return members_; }

  private:
    std::vector<JsonMember> members_;
};

// An object or array under construction.
class JsonObject {
  public:
    JsonObject& raw(std::string_view key, std::string_view json);
    JsonObject& raw_if(std::string_view key, std::string_view json);  // unless ""
    JsonObject& raw_if(std::string_view key, const std::optional<JsonValue>& value);
    JsonObject& text(std::string_view key, std::string_view value);
    JsonObject& text_if(std::string_view key, std::string_view value);  // unless ""
    JsonObject& number(std::string_view key, std::uint64_t value);
    bool empty() const { return out_.size() == 1; }
    std::string str() const { return out_ + "}"; }

  private:
    std::string out_ = "{";
};

class JsonArray {
  public:
    JsonArray& add(std::string_view json);
    JsonArray& add_text(std::string_view value);
    bool empty() const { return out_.size() == 1; }
    std::string str() const { return out_ + "]"; }

  private:
    std::string out_ = "[";
};

}  // namespace seance::litellm
