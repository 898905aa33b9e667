#include "platform/remote/json_view.hpp"

#include <cmath>

namespace seance::remote {

namespace json = boost::json;

JsonView JsonView::operator[](std::string_view member) const {
    auto* found = object() ? object()->if_contains(member) : nullptr;
    return found;
}

std::optional<std::string> JsonView::text() const {
    auto* string = value_ ? value_->if_string() : nullptr;
    if (!string) return std::nullopt;
    return std::string(string->data(), string->size());
}

std::string JsonView::text_or(std::string_view fallback) const {
    auto found = text();
    return found ? std::move(*found) : std::string(fallback);
}

std::optional<bool> JsonView::boolean() const {
    auto* found = value_ ? value_->if_bool() : nullptr;
    return found ? std::optional(*found) : std::nullopt;
}

std::optional<std::int64_t> JsonView::integer() const {
    if (!value_) return std::nullopt;
    if (auto* whole = value_->if_int64()) return *whole;
    // Exactly the doubles that are whole and fit; beyond 2^53 they are not the number that was written.
    constexpr double kMostExact = 9007199254740992.0;
    if (auto* number = value_->if_double();
        number && std::abs(*number) <= kMostExact && std::trunc(*number) == *number)
        return static_cast<std::int64_t>(*number);
    return std::nullopt;
}

std::optional<double> JsonView::number() const {
    if (!value_ || !value_->is_number()) return std::nullopt;
    json::error_code failed;
    auto found = value_->to_number<double>(failed);
    return failed || !std::isfinite(found) ? std::nullopt : std::optional(found);
}

std::vector<JsonView> JsonView::items() const {
    std::vector<JsonView> out;
    if (auto* array = value_ ? value_->if_array() : nullptr)
        for (const auto& item : *array) out.emplace_back(item);
    return out;
}

std::vector<JsonView> JsonView::nodes() const {
    std::vector<JsonView> out;
    for (auto edge : (*this)["edges"].items())
        if (auto node = edge["node"]; node.present()) out.push_back(node);
    return out;
}

std::string JsonView::serialised() const {
    return value_ ? json::serialize(*value_) : std::string();
}

std::optional<json::value> parse_json(std::string_view text) {
    json::parse_options options;
    options.max_depth = kMostJsonDepth;
    json::error_code failed;
    auto value = json::parse(text, failed, {}, options);
    if (failed) return std::nullopt;
    return value;
}

}  // namespace seance::remote
