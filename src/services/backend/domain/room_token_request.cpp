#include "services/backend/domain/room_token_request.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace seance::backend {
namespace {

namespace json = boost::json;

constexpr std::int64_t kUsualLifetime = 3600;

std::string read_names(const json::value* value, std::string_view name, std::vector<std::string>& out) {
    auto wrong = fmt::format("{} has to be an array of texts", name);
    if (!value) return {};
    if (!value->is_array()) return wrong;
    for (const auto& one : value->as_array()) {
        if (!one.is_string()) return wrong;
        out.emplace_back(one.as_string());
    }
    return {};
}

}  // namespace

Outcome<RoomToken> parse_room_token_request(std::string_view body, Duration longest, std::int64_t now) {
    error_code error;
    auto value = json::parse(body, error);
    if (error || !value.is_object()) return Problem{"the body has to be a JSON object"};
    const auto& object = value.as_object();
    for (const auto& member : object)
        if (member.key() != "topics" && member.key() != "topicPrefixes" && member.key() != "access" &&
            member.key() != "lifetimeSeconds")
            return Problem{
                "the body may hold topics, topicPrefixes, access and lifetimeSeconds, and nothing else"};

    RoomToken token;
    auto problem = read_names(object.if_contains("topics"), "topics", token.topics);
    if (problem.empty())
        problem = read_names(object.if_contains("topicPrefixes"), "topicPrefixes", token.topic_prefixes);
    if (!problem.empty()) return Problem{problem};
    if (token.topics.empty() && token.topic_prefixes.empty())
        return Problem{"name at least one room, in topics or topicPrefixes"};
    for (const auto& prefix : token.topic_prefixes)
        if (prefix.empty()) return Problem{"an empty prefix would open every room; name one"};

    token.write = true;
    if (const auto* access = object.if_contains("access")) {
        if (!access->is_string() || (access->as_string() != "read" && access->as_string() != "write"))
            return Problem{"access has to be \"read\" or \"write\""};
        token.write = access->as_string() == "write";
    }
    auto most = std::chrono::duration_cast<std::chrono::seconds>(longest).count();
    auto lifetime = std::min<std::int64_t>(kUsualLifetime, most);
    if (const auto* wanted = object.if_contains("lifetimeSeconds")) {
        lifetime = wanted->is_number() ? wanted->to_number<std::int64_t>(error) : 0;
        if (error || lifetime < 1 || lifetime > most)
            return Problem{fmt::format("lifetimeSeconds has to be a number from 1 to {}", most)};
    }
    token.expires = now + lifetime;
    return token;
}

}  // namespace seance::backend
