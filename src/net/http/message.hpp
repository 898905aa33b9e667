#pragma once
#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seance::http {

// A field whose bytes belong to someone else: a read buffer, or a literal.
struct Field {
    std::string_view name, value;
};

inline constexpr std::size_t kMostFields = 100;
inline constexpr std::size_t kMostRequestLine = 8 * 1024;
inline constexpr std::size_t kMostHead = 32 * 1024;

// Field names compare without case; order of equal names is kept, nothing is merged.
class FieldViews {
  public:
    std::span<const Field> all() const { return {fields_.data(), fields_.size()}; }
    std::optional<std::string_view> find(std::string_view name) const;  // the first
    std::string_view get(std::string_view name) const { return find(name).value_or(std::string_view{}); }
    bool lists(std::string_view name, std::string_view token) const;  // in a comma list, over all occurrences
    bool add(Field field);                                            // false when full
    void clear() { fields_.clear(); }

  private:
    // As many in place as most messages have: every request that waits for its answer holds two of these.
    boost::container::small_vector<Field, 16> fields_;
};

// Fields that own their bytes, for messages we make. Names and values must hold no control byte: add() drops
// a field whose value does (a header made from input is checked before).
class Fields {
  public:
    Fields() = default;
    Fields(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);
    void add(std::string_view name, std::string_view value);
    void set(std::string_view name, std::string_view value);  // replaces all of that name
    void remove(std::string_view name);
    std::optional<std::string_view> find(std::string_view name) const;
    std::string_view get(std::string_view name) const { return find(name).value_or(std::string_view{}); }
    const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

  private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

// How a message's body ends (RFC 9112 section 6).
enum class Framing { None, Length, Chunked, UntilClose };

// A parsed request head: views into the connection's buffer, good until the handler returns.
struct RequestHead {
    std::string_view method;  // "GET"
    std::string_view
        target;  // origin-form as sent ("/a?b"), or "*"; absolute-form is cut down to origin-form
    std::string_view authority;  // Host, or the authority of an absolute-form target; "" only in HTTP/1.0
    int minor_version = 1;       // HTTP/1.0 → 0
    FieldViews fields;
    Framing framing = Framing::None;
    std::uint64_t content_length = 0;  // with Framing::Length
    bool keep_alive = true;
    bool expects_continue = false;
    bool upgrades_to_websocket =
        false;  // GET, 1.1, no body, Connection: upgrade, Upgrade: websocket (edge.md 1.8)

    void reset();  // without touching the array of fields, which is large

    std::string_view path() const { return target.substr(0, target.find('?')); }
    std::string_view query() const;  // without "?"; "" if there is none
};

// A parsed response head: views into the connection's buffer.
struct ResponseHead {
    int status = 0;
    int minor_version = 1;
    std::string_view reason;
    FieldViews fields;
    Framing framing = Framing::None;
    std::uint64_t content_length = 0;
    bool keep_alive = true;

    void reset();
};

std::string_view reason_phrase(int status);  // "OK"; "" if unknown

// "name=value" of a query string, percent-decoded with + as space; the first of that name.
std::optional<std::string> query_value(std::string_view query, std::string_view name);
// Percent-decodes once; nothing if a % has no two hex digits.
std::optional<std::string> percent_decode(std::string_view text);
// Encodes all but A–Z a–z 0–9 - . _ ~ (and / if `keep_slash`).
std::string percent_encode(std::string_view text, bool keep_slash = false);

}  // namespace seance::http
