#include "net/files/conditions.hpp"

#include "core/base/text.hpp"

namespace seance::files {
namespace {

enum class Comparison { Strong, Weak };

// True if the comma list holds "*" or the tag. A malformed list ends where it breaks.
bool holds_tag(std::string_view list, std::string_view etag, Comparison comparison) {
    list = trim(list);
    if (list == "*") return true;
    while (!list.empty()) {
        if (list.front() == ',' || list.front() == ' ' || list.front() == '\t') {
            list.remove_prefix(1);
            continue;
        }
        bool weak = list.starts_with("W/");
        if (weak) list.remove_prefix(2);
        auto end = list.starts_with('"') ? list.find('"', 1) : list.npos;  // tags may hold commas
        if (end == list.npos) return false;
        if (list.substr(0, end + 1) == etag && (comparison == Comparison::Weak || !weak)) return true;
        list.remove_prefix(end + 1);
    }
    return false;
}

struct Presence {
    bool present = false, matches = false;
};

Presence look_for(const http::FieldViews& fields, std::string_view name, std::string_view etag,
                  Comparison comparison) {
    Presence found;
    for (const auto& field : fields.all()) {
        if (!iequals(field.name, name)) continue;
        found.present = true;
        found.matches = found.matches || holds_tag(field.value, etag, comparison);
    }
    return found;
}

std::optional<UnixSeconds> date_in(const http::FieldViews& fields, std::string_view name) {
    for (const auto& field : fields.all())
        if (iequals(field.name, name)) return parse_http_date(trim(field.value));
    return std::nullopt;
}

}  // namespace

Condition evaluate(const http::FieldViews& fields, const Validators& file) {
    auto match = look_for(fields, "If-Match", file.etag, Comparison::Strong);
    if (match.present) {
        if (!match.matches) return Condition::Failed;
    } else if (auto date = date_in(fields, "If-Unmodified-Since"); date && file.modified > *date) {
        return Condition::Failed;
    }

    auto none_match = look_for(fields, "If-None-Match", file.etag, Comparison::Weak);
    if (none_match.present) return none_match.matches ? Condition::NotModified : Condition::Send;
    auto date = date_in(fields, "If-Modified-Since");
    return date && file.modified <= *date ? Condition::NotModified : Condition::Send;
}

bool range_applies(const http::FieldViews& fields, const Validators& file) {
    for (const auto& field : fields.all()) {
        if (!iequals(field.name, "If-Range")) continue;
        auto value = trim(field.value);
        if (value.starts_with('"')) return value == file.etag;
        auto date = parse_http_date(value);  // a weak tag is no date
        return date && file.date_is_strong && *date == file.modified;
    }
    return true;
}

}  // namespace seance::files
