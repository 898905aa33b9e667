#include "services/litellm/handlers/routing_share.hpp"

#include <fmt/format.h>

#include <map>

#include "core/base/text.hpp"
#include "core/runtime/wait.hpp"

namespace seance::litellm {
namespace {

constexpr auto kInterval = std::chrono::seconds(1);

// Adds what is new here, and gives what all have added: counts of the minute as "r:<id>" and "t:<id>", ends
// of cooldowns (unix ms) by id. ARGV: now, how many triples of counts, the triples, then pairs of cooldowns.
constexpr const char* kScript = R"(
local at = 3
for i = 1, tonumber(ARGV[2]) do
  if ARGV[at + 1] ~= '0' then redis.call('HINCRBY', KEYS[1], 'r:' .. ARGV[at], ARGV[at + 1]) end
  if ARGV[at + 2] ~= '0' then redis.call('HINCRBY', KEYS[1], 't:' .. ARGV[at], ARGV[at + 2]) end
  at = at + 3
end
redis.call('EXPIRE', KEYS[1], 120)
while ARGV[at] do
  local before = tonumber(redis.call('HGET', KEYS[2], ARGV[at]) or '0')
  if tonumber(ARGV[at + 1]) > before then redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1]) end
  at = at + 2
end
local cooling = redis.call('HGETALL', KEYS[2])
for i = 1, #cooling, 2 do
  if tonumber(cooling[i + 1]) <= tonumber(ARGV[1]) then redis.call('HDEL', KEYS[2], cooling[i]) end
end
return {redis.call('HGETALL', KEYS[1]), cooling}
)";

// What this process has told of one deployment.
struct Told {
    std::uint32_t minute = 0;
    std::uint64_t requests = 0, tokens = 0;
    std::int64_t cooled_until = 0;
};

std::map<std::string_view, std::string_view> as_map(const valkey::Reply& list) {
    std::map<std::string_view, std::string_view> map;
    for (std::size_t i = 0; i + 1 < list.list.size(); i += 2) map[list.list[i].text] = list.list[i + 1].text;
    return map;
}

std::uint64_t count_of(const std::map<std::string_view, std::string_view>& map, const std::string& key) {
    auto found = map.find(key);
    return found == map.end() ? 0 : parse_number(found->second).value_or(0);
}

}  // namespace

Awaitable<void> share_routing(Gateway& gateway, const bool& stopping) {
    std::map<std::string, Told> told;
    while (!stopping && gateway.ledger().store()) {
        co_await sleep_for(kInterval);
        auto& store = *gateway.ledger().store();
        auto models = gateway.models();
        auto& deployments = models->config().deployments;
        auto now = Clock::now();
        auto now_ms = unix_ms();
        auto minute = minute_of(now);
        std::vector<std::string> counts, cooldowns;
        std::map<std::string, Told> next;
        for (auto& deployment : deployments) {
            auto& state = *deployment->state;
            Told mine{minute, state.requests.read(minute), state.tokens.read(minute), 0};
            auto before = told.find(deployment->id);
            bool same = before != told.end() && before->second.minute == minute;
            auto requests = mine.requests - std::min(mine.requests, same ? before->second.requests : 0);
            auto tokens = mine.tokens - std::min(mine.tokens, same ? before->second.tokens : 0);
            if (requests + tokens > 0) {
                counts.push_back(deployment->id);
                counts.push_back(std::to_string(requests));
                counts.push_back(std::to_string(tokens));
            }
            if (auto until = state.cooled_until(now); until > now) {
                auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - now).count();
                cooldowns.push_back(deployment->id);
                cooldowns.push_back(std::to_string(now_ms + left));
            }
            next[deployment->id] = mine;
        }
        std::vector<std::string> words{"EVAL",
                                       kScript,
                                       "2",
                                       store.key(fmt::format("routing:{}", minute)),
                                       store.key("routing:cooldowns"),
                                       std::to_string(now_ms),
                                       std::to_string(counts.size() / 3)};
        words.insert(words.end(), counts.begin(), counts.end());
        words.insert(words.end(), cooldowns.begin(), cooldowns.end());
        auto reply = co_await store.command(std::move(words));
        // Not carried out, or not known to be: told again next time. A count told twice is gone with its
        // minute.
        if (!reply || reply->list.size() != 2) continue;
        told = std::move(next);
        auto sums = as_map(reply->list[0]), cooling = as_map(reply->list[1]);
        for (auto& deployment : deployments) {
            auto& state = *deployment->state;
            auto& mine = told[deployment->id];
            auto others = [](std::uint64_t sum, std::uint64_t own) { return sum - std::min(sum, own); };
            state.other_requests.set(minute, others(count_of(sums, "r:" + deployment->id), mine.requests));
            state.other_tokens.set(minute, others(count_of(sums, "t:" + deployment->id), mine.tokens));
            auto until = static_cast<std::int64_t>(count_of(cooling, deployment->id));
            if (until > now_ms) state.cool_down(now + std::chrono::milliseconds(until - now_ms), now);
        }
    }
}

}  // namespace seance::litellm
