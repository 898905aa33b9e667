#include "core/base/room_token.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "core/base/base64.hpp"
#include "core/base/hash.hpp"
#include "core/base/text.hpp"

namespace seance {
namespace {

namespace json = boost::json;

constexpr std::string_view kAudience = "seance-signaling";
// The year 2200; as many milliseconds are a day of March 1970.
constexpr std::int64_t kLastSecond = 7'258'118'400;
// The issuer's clock may be ahead of ours by so much, or a token that says nbf is "now" is refused. RFC 7519
// section 4.1.5 allows for it. exp has no such leeway: it is the end of somebody's leave.
constexpr std::int64_t kClockSkew = 30;
constexpr std::string_view kHeader = R"({"alg":"HS256","typ":"JWT"})";

// RFC 7515 section 2: the URL's alphabet, no padding.
std::string encode(std::string_view bytes) {
    auto text = base64_encode(bytes);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    while (text.ends_with('=')) text.pop_back();
    return text;
}

std::string signature(std::string_view signed_part, const SecretText& key) {
    auto digest = hmac_sha256(key.reveal(), signed_part);
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

const json::value* member(const json::object& object, std::string_view name) {
    return object.if_contains(name);
}

std::optional<json::object> decode(std::string_view part) {
    auto text = base64_decode(part);
    if (!text) return std::nullopt;
    error_code error;
    auto value = json::parse(*text, error);
    if (error || !value.is_object()) return std::nullopt;
    return std::move(value.as_object());
}

bool read_strings(const json::value* value, std::vector<std::string>& out) {
    if (!value) return true;
    if (!value->is_array()) return false;
    for (const auto& one : value->as_array()) {
        if (!one.is_string()) return false;
        out.emplace_back(one.as_string());
    }
    return true;
}

std::optional<std::int64_t> seconds(const json::value* value) {
    if (!value || !value->is_number()) return std::nullopt;
    error_code error;
    // A double that no integer can hold is as late, or as early, as can be.
    constexpr double kMost = 9e18;
    auto number = value->is_double()
                      ? static_cast<std::int64_t>(std::clamp(value->as_double(), -kMost, kMost))
                      : value->to_number<std::int64_t>(error);
    if (error) return std::nullopt;
    return number;
}

// RFC 7519 section 4.1.3: one name, or a list that holds it.
bool for_us(const json::value* audience) {
    if (!audience) return false;
    if (audience->is_string()) return audience->as_string() == kAudience;
    if (!audience->is_array()) return false;
    const auto& list = audience->as_array();
    return std::any_of(list.begin(), list.end(), [](const json::value& one) {
        return one.is_string() && one.as_string() == kAudience;
    });
}

json::array array_of(const std::vector<std::string>& texts) {
    json::array array;
    for (const auto& text : texts) array.emplace_back(text);
    return array;
}

}  // namespace

bool RoomToken::names(std::string_view topic) const {
    return std::find(topics.begin(), topics.end(), topic) != topics.end() ||
           std::any_of(topic_prefixes.begin(), topic_prefixes.end(),
                       [&](const std::string& prefix) { return topic.starts_with(prefix); });
}

std::string sign_room_token(const RoomToken& token, const SecretText& key) {
    json::object claims;
    claims["aud"] = kAudience;
    claims["exp"] = token.expires;
    if (!token.topics.empty()) claims["topics"] = array_of(token.topics);
    if (!token.topic_prefixes.empty()) claims["topic_prefixes"] = array_of(token.topic_prefixes);
    claims["access"] = token.write ? "write" : "read";
    auto text = encode(kHeader) + "." + encode(json::serialize(claims));
    auto seal = encode(signature(text, key));
    return text + "." + seal;
}

Outcome<RoomToken> verify_room_token(std::string_view text, const SecretText& key, std::int64_t now) {
    auto refuse = [](std::string_view why) { return Problem{"the room token " + std::string(why)}; };
    if (text.size() > kMostRoomToken) return refuse("is too long");
    auto parts = split(text, '.');
    if (parts.size() != 3) return refuse("is no JSON Web Token");
    auto seal = base64_decode(parts[2]);
    auto signed_part = text.substr(0, text.rfind('.'));
    if (!seal || !equal_in_constant_time(*seal, signature(signed_part, key)))
        return refuse("is not signed with this server's key");

    auto header = decode(parts[0]), claims = decode(parts[1]);
    if (!header || !claims) return refuse("is no JSON Web Token");
    const auto* algorithm = member(*header, "alg");
    if (!algorithm || !algorithm->is_string() || algorithm->as_string() != "HS256")
        return refuse("has to be signed with HS256");
    if (!for_us(member(*claims, "aud")))
        return refuse("is for something else: aud has to be seance-signaling");
    for (const char* name : {"exp", "nbf", "iat"})
        if (seconds(member(*claims, name)).value_or(0) > kLastSecond)
            return refuse(std::string("is of no use: its ") + name +
                          " looks like milliseconds; it is seconds");
    auto expires = seconds(member(*claims, "exp"));
    if (!expires) return refuse("has no exp");
    if (*expires <= now) return refuse("has expired");
    auto from = seconds(member(*claims, "nbf"));
    if (from && *from > now + kClockSkew) return refuse("is not valid yet");

    RoomToken token;
    token.expires = *expires;
    if (!read_strings(member(*claims, "topics"), token.topics) ||
        !read_strings(member(*claims, "topic_prefixes"), token.topic_prefixes))
        return refuse("has topics or topic_prefixes that are no list of strings");
    if (token.topics.empty() && token.topic_prefixes.empty()) return refuse("names no topic");
    const auto* access = member(*claims, "access");
    if (!access || !access->is_string() || (access->as_string() != "read" && access->as_string() != "write"))
        return refuse("has no access of \"read\" or \"write\"");
    token.write = access->as_string() == "write";
    return token;
}

}  // namespace seance
