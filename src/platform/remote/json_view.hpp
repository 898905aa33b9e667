#pragma once
#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seance::remote {

// Looks into a JSON answer without trusting it: what is absent, null or of another type reads as absent, and
// nothing throws. Good as long as the value it looks at.
class JsonView {
  public:
    JsonView() = default;
    JsonView(const boost::json::value* value) : value_(value) {}
    JsonView(const boost::json::value& value) : value_(&value) {}

    JsonView operator[](std::string_view member) const;
    bool present() const { return value_ && !value_->is_null(); }
    const boost::json::object* object() const { return value_ ? value_->if_object() : nullptr; }

    std::optional<std::string> text() const;
    std::string text_or(std::string_view fallback = {}) const;
    std::optional<bool> boolean() const;
    std::optional<std::int64_t> integer() const;  // also 3.0
    std::optional<double> number() const;         // finite
    std::vector<JsonView> items() const;          // of an array
    std::vector<JsonView> nodes() const;          // of a Relay connection: edges[*].node
    std::string serialised() const;               // "" if absent

  private:
    const boost::json::value* value_ = nullptr;
};

// The deepest nesting that is read; a remote's answers stay far below.
inline constexpr std::size_t kMostJsonDepth = 64;

// Nothing if `text` is not JSON or nested deeper than kMostJsonDepth.
std::optional<boost::json::value> parse_json(std::string_view text);

}  // namespace seance::remote
