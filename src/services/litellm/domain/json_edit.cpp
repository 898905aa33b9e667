#include "services/litellm/domain/json_edit.hpp"

namespace seance::litellm {
namespace {

void append_replaced(std::string& out, std::string_view whole, std::string_view part, std::string_view with) {
    const auto begin = static_cast<std::size_t>(part.data() - whole.data());
    out += whole.substr(0, begin);
    out += with;
    out += whole.substr(begin + part.size());
}

}  // namespace

JsonEdit::JsonEdit(const JsonValue& object) : text_(object.text), members_(json_members(object)) {}

const JsonEdit::Change& JsonEdit::change_of(std::size_t i) const {
    static const Change none;
    return changes_.empty() ? none : changes_[i];
}

JsonEdit::Change& JsonEdit::change(std::size_t i) {
    if (changes_.empty()) changes_.resize(members_.size());
    return changes_[i];
}

std::string_view JsonEdit::current(std::size_t i) const {
    const auto& json = change_of(i).json;
    return json.empty() ? members_[i].value.text : std::string_view(json);
}

std::optional<JsonValue> JsonEdit::find(std::string_view key) const {
    for (auto i = members_.size(); i-- > 0;)
        if (members_[i].key == key) return members_[i].value;
    return std::nullopt;
}

void JsonEdit::set(std::string_view key, std::string json) {
    changed_ = true;
    bool found = false;
    // All members of that name: readers differ in which of them counts.
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (members_[i].key != key || change_of(i).removed) continue;
        change(i).json = json;
        found = true;
    }
    if (found) return;
    for (auto& [name, value] : added_) {
        if (name != key) continue;
        value = std::move(json);
        return;
    }
    added_.emplace_back(key, std::move(json));
}

void JsonEdit::fill(std::string_view key, std::string json) {
    for (std::size_t i = 0; i < members_.size(); ++i)
        if (members_[i].key == key && !change_of(i).removed) return;
    for (auto& [name, value] : added_)
        if (name == key) return;
    set(key, std::move(json));
}

void JsonEdit::remove(std::string_view key) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (members_[i].key != key) continue;
        change(i).removed = true;
        changed_ = true;
    }
    std::erase_if(added_, [&](auto& member) { return member.first == key; });
}

void JsonEdit::remove_path(std::string_view path) {
    auto dot = path.find('.');
    if (dot == std::string_view::npos) return remove(path);
    auto head = path.substr(0, dot), rest = path.substr(dot + 1);
    bool each = head.ends_with("[]") || head.ends_with("[*]");
    if (each) head = head.substr(0, head.find('['));
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (members_[i].key != head || change_of(i).removed) continue;
        auto value = parse_json(current(i));
        std::string edited;
        if (!each && value->is(JsonKind::Object)) {
            JsonEdit inner(*value);
            inner.remove_path(rest);
            if (!inner.changed()) continue;
            edited = inner.text();
        } else if (each && value->is(JsonKind::Array)) {
            std::string_view whole = value->text;
            std::size_t done = 0;
            for (auto& element : json_elements(*value)) {
                JsonEdit inner(element);
                inner.remove_path(rest);
                auto begin = static_cast<std::size_t>(element.text.data() - whole.data());
                edited += whole.substr(done, begin - done);
                edited += element.is(JsonKind::Object) ? inner.text() : std::string(element.text);
                done = begin + element.text.size();
            }
            edited += whole.substr(done);
        } else {
            continue;
        }
        change(i).json = std::move(edited);
        changed_ = true;
    }
}

std::string JsonEdit::text() const {
    if (!changed_) return std::string(text_);
    std::string out = "{";
    out.reserve(text_.size() + 64);
    bool first = true;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        const auto& [removed, json] = change_of(i);
        if (removed) continue;
        if (!first) out += ',';
        first = false;
        if (json.empty())
            out += members_[i].segment;
        else
            append_replaced(out, members_[i].segment, members_[i].value.text, json);
    }
    for (auto& [key, json] : added_) {
        if (!first) out += ',';
        first = false;
        out += json_quote(key);
        out += ':';
        out += json;
    }
    out += '}';
    return out;
}

std::string replace_part(std::string_view whole, std::string_view part, std::string_view with) {
    std::string out;
    out.reserve(whole.size() - part.size() + with.size());
    append_replaced(out, whole, part, with);
    return out;
}

}  // namespace seance::litellm
