#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "services/litellm/domain/json_text.hpp"

namespace seance::litellm {

// Changes to the members of one object; what is not changed keeps its bytes. The object's text must outlive
// it.
class JsonEdit {
  public:
    explicit JsonEdit(const JsonValue& object);

    std::optional<JsonValue> find(std::string_view key) const;  // as it was before the edit
    bool has(std::string_view key) const { return find(key).has_value(); }

    void set(std::string_view key, std::string json);   // replaces the value, or appends the member
    void fill(std::string_view key, std::string json);  // only if absent
    void remove(std::string_view key);
    // "a.b.c": removes a member of an object inside; "a[].b" does so in each element of an array.
    void remove_path(std::string_view path);

    bool changed() const { return changed_; }
    std::string text() const;
    const std::vector<JsonMember>& members() const { return members_; }

  private:
    struct Change {
        bool removed = false;
        std::string json;  // "" = as it was
    };
    std::string_view current(std::size_t i) const;
    const Change& change_of(std::size_t i) const;
    Change& change(std::size_t i);

    std::string_view text_;
    std::vector<JsonMember> members_;
    std::vector<Change> changes_;  // of each member, once there is one
    std::vector<std::pair<std::string, std::string>> added_;
    bool changed_ = false;
};

// One element of an array replaced by another text.
std::string replace_part(std::string_view whole, std::string_view part, std::string_view with);

}  // namespace seance::litellm
