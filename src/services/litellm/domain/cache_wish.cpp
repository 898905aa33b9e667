#include "services/litellm/domain/cache_wish.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/hash.hpp"
#include "core/base/text.hpp"

namespace seance::litellm {
namespace {

// What does not change the answer: who asks, how it is delivered, and what is the gateway's.
constexpr std::string_view kNotHashed[] = {"model",
                                           "user",
                                           "metadata",
                                           "stream",
                                           "stream_options",
                                           "cache",
                                           "caching",
                                           "ttl",
                                           "s-maxage",
                                           "s-max-age",
                                           "litellm_metadata",
                                           "tags",
                                           "fallbacks",
                                           "context_window_fallbacks",
                                           "content_policy_fallbacks",
                                           "num_retries",
                                           "retry_policy",
                                           "guardrails",
                                           "user_config",
                                           "mock_timeout",
                                           "mock_delay",
                                           "litellm_call_id",
                                           "litellm_session_id",
                                           "litellm_trace_id",
                                           "disable_fallbacks",
                                           "api_key",
                                           "api_base",
                                           "base_url",
                                           "timeout",
                                           "request_timeout",
                                           "stream_timeout",
                                           "safety_identifier",
                                           "prompt_cache_key",
                                           "store"};

bool is_hashed(std::string_view name) {
    return std::find(std::begin(kNotHashed), std::end(kNotHashed), name) == std::end(kNotHashed) &&
           !name.starts_with("mock_testing_");
}

// Without white space between tokens.
std::string minified(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (quoted && c == '\\' && i + 1 < text.size()) {
            out += c;
            out += text[++i];
            continue;
        }
        if (c == '"') quoted = !quoted;
        if (quoted || (c != ' ' && c != '\t' && c != '\n' && c != '\r')) out += c;
    }
    return out;
}

std::optional<Duration> seconds_in(const std::optional<JsonValue>& value) {
    auto seconds = json_number(value);
    if (!seconds || *seconds < 0 || *seconds > 1e8) return std::nullopt;
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*seconds));
}

ApiError not_allowed(std::string_view control) {
    return {.status = 403,
            .message = fmt::format(
                "Not allowed to set {} as a cache control. The key's allowed_cache_controls do not "
                "name it.",
                control),
            .type = "auth_error",
            .param = "cache"};
}

}  // namespace

std::string cache_hash(std::string_view call_type, std::string_view group, const JsonValue& body) {
    std::map<std::string, std::string_view> members;
    for (auto& member : json_members(body))
        if (is_hashed(member.key)) members[member.key] = member.value.text;
    Sha256 hash;
    auto add = [&](std::string_view text) {
        hash.update(fmt::format("{}:", text.size()));
        hash.update(text);
    };
    add(call_type);
    add(group);
    for (auto& [name, text] : members) {
        add(name);
        add(minified(text));
    }
    return hex(hash.finish());
}

Answer<CacheWish> read_cache_wish(const CacheConfig& config, std::string_view call_type,
                                  std::string_view group, const JsonValue& body,
                                  const http::FieldViews& fields, const std::vector<std::string>& allowed) {
    CacheWish wish;
    if (!config.caches(call_type) || !body.is(JsonKind::Object)) return wish;
    wish.read = wish.write = config.by_default;
    auto name_space = config.name_space;
    if (auto controls = json_find(body, "cache"); controls && controls->is(JsonKind::Object)) {
        for (auto& control : json_members(*controls)) {
            if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), control.key) == allowed.end())
                return not_allowed(control.key);
        }
        auto& map = *controls;
        if (json_is_true(json_find(map, "use-cache"))) wish.read = wish.write = true;
        if (json_is_true(json_find(map, "no-cache"))) wish.read = false;
        if (json_is_true(json_find(map, "no-store"))) wish.write = false;
        wish.ttl = seconds_in(json_find(map, "ttl"));
        for (auto name : {"s-maxage", "s-max-age"})
            if (auto age = seconds_in(json_find(map, name))) wish.max_age = age;
        if (auto own = json_text(json_find(map, "namespace")); own && own->size() <= 128) name_space = *own;
    }
    if (auto caching = json_find(body, "caching"); caching && caching->text == "false")
        wish.read = wish.write = false;
    if (auto header = fields.find("Cache-Control")) {
        for (auto part : split(*header, ',')) {
            auto word = lower(trim(part));
            auto name = word.substr(0, word.find('='));
            if (name != "no-cache" && name != "no-store" && name != "max-age") continue;
            if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), name) == allowed.end())
                continue;
            if (name == "no-cache") wish.read = false;
            if (name == "no-store") wish.write = false;
            if (name == "max-age" && word.size() > name.size())
                if (auto seconds = parse_number(std::string_view(word).substr(name.size() + 1));
                    seconds && *seconds < 100'000'000)
                    wish.max_age = std::chrono::seconds(*seconds);
        }
    }
    if (!wish.any()) return wish;
    auto hash = cache_hash(call_type, config.name_of_group(group), body);
    wish.key = name_space.empty() ? hash : name_space + ":" + hash;
    return wish;
}

}  // namespace seance::litellm
