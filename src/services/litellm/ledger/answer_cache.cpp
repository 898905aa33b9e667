#include "services/litellm/ledger/answer_cache.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/base/hash.hpp"
#include "services/litellm/domain/json_text.hpp"

namespace seance::litellm {
namespace {

constexpr auto kDeadline = std::chrono::milliseconds(100);
constexpr std::size_t kMostRemovedAtOnce = 500;

double now_in_seconds() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

observe::Counter& counter(const char* outcome) {
    return observe::metrics().counter("seance_litellm_cache_total", "Calls and the response cache",
                                      {{"outcome", outcome}});
}

}  // namespace

// Those that wait for one call to end.
struct AnswerCache::Waiters {
    std::vector<std::shared_ptr<Timer>> timers;
};

AnswerCache::AnswerCache(Loop& loop, const CacheConfig& config)
    : loop_(loop),
      config_(config),
      hits_(counter("hit")),
      misses_(counter("miss")),
      stored_(counter("stored")),
      coalesced_(counter("coalesced")) {
    configure(config);
}

// Another server needs a restart; everything else holds at once.
void AnswerCache::configure(const CacheConfig& config) {
    config_ = config;
    if (config_.enabled && config_.in_valkey && config_.server && !store_)
        store_ = std::make_unique<Store>(loop_, *config_.server, kDeadline);
}

std::optional<std::string> AnswerCache::read(const std::string& value, const CacheWish& wish) const {
    auto root = parse_json(value);
    if (!root || !root->is(JsonKind::Object)) return std::nullopt;
    auto response = json_find(*root, "response");
    auto time = json_number(json_find(*root, "timestamp"));
    if (!response || !response->is(JsonKind::Object) || !time) return std::nullopt;
    auto age = now_in_seconds() - *time;
    if (wish.max_age && age > std::chrono::duration<double>(*wish.max_age).count()) return std::nullopt;
    return std::string(response->text);
}

Awaitable<std::optional<std::string>> AnswerCache::find(CacheWish wish) {
    std::optional<std::string> found;
    auto kept = kept_.find(wish.key);
    if (kept != kept_.end() && kept->second.until <= Clock::now()) {
        forget(wish.key);
        kept = kept_.end();
    }
    if (kept != kept_.end()) {
        order_.splice(order_.end(), order_, kept->second.place);
        found = read(kept->second.value, wish);
    } else if (store_) {
        std::vector<std::string> words{"GET", store_->answer_key(wish.key)};
        auto reply = co_await store_->command(std::move(words));
        if (reply && reply->kind == valkey::Reply::Kind::Text) {
            found = read(reply->text, wish);
            if (found && config_.memory_ttl) remember(wish.key, std::move(reply->text), *config_.memory_ttl);
        }
    }
    (found ? hits_ : misses_).add();
    co_return found;
}

void AnswerCache::store(const CacheWish& wish, std::string response) {
    if (response.size() > config_.largest) return;
    auto value = fmt::format("{{\"timestamp\":{:.3f},\"response\":{}}}", now_in_seconds(), response);
    stored_.add();
    if (!store_ || config_.memory_ttl) {
        auto ttl = wish.ttl.value_or(config_.memory_ttl.value_or(config_.ttl));
        remember(wish.key, value, ttl);
    }
    if (!store_) return;
    auto ttl = wish.ttl.value_or(config_.valkey_ttl.value_or(config_.ttl));
    asio::co_spawn(loop_.executor(), write(shared_from_this(), wish.key, std::move(value), ttl),
                   asio::detached);
}

Awaitable<void> AnswerCache::write(std::shared_ptr<AnswerCache> self, std::string key, std::string value,
                                   Duration ttl) {
    auto ms = std::max<std::int64_t>(ttl / std::chrono::milliseconds(1), 1);
    std::vector<std::string> words{"SET", self->store_->answer_key(key), std::move(value), "PX",
                                   std::to_string(ms)};
    co_await self->store_->command(std::move(words));
}

void AnswerCache::remember(const std::string& key, std::string value, Duration ttl) {
    forget(key);
    while (!order_.empty() && kept_.size() >= config_.memory_entries) forget(order_.front());
    auto place = order_.insert(order_.end(), key);
    kept_.emplace(key, Kept{std::move(value), Clock::now() + ttl, place});
}

void AnswerCache::forget(const std::string& key) {
    auto found = kept_.find(key);
    if (found == kept_.end()) return;
    auto place = found->second.place;
    kept_.erase(found);
    order_.erase(place);
}

AnswerCache::Lead::Lead(std::shared_ptr<AnswerCache> cache, std::string key)
    : cache_(std::move(cache)), key_(std::move(key)) {
    cache_->leads_.emplace(key_, std::make_shared<Waiters>());
}

AnswerCache::Lead::~Lead() {
    auto found = cache_->leads_.find(key_);
    if (found == cache_->leads_.end()) return;
    auto waiters = std::move(found->second);
    cache_->leads_.erase(found);
    for (auto& timer : waiters->timers) timer->cancel();
}

Awaitable<std::unique_ptr<AnswerCache::Lead>> AnswerCache::lead_or_wait(std::string key, Duration limit) {
    auto found = leads_.find(key);
    if (found == leads_.end()) co_return std::make_unique<Lead>(shared_from_this(), std::move(key));
    coalesced_.add();
    auto timer = std::make_shared<Timer>(loop_.executor(), limit);
    found->second->timers.push_back(timer);
    co_await timer->async_wait(kAwait);
    co_return nullptr;
}

Awaitable<Result<std::int64_t>> AnswerCache::remove(std::vector<std::string> keys) {
    std::int64_t gone = 0;
    for (auto& key : keys)
        if (kept_.contains(key)) {
            forget(key);
            if (!store_) ++gone;
        }
    if (!store_ || keys.empty()) co_return gone;
    std::vector<std::string> words{"DEL"};
    for (auto& key : keys) words.push_back(store_->answer_key(key));
    auto reply = co_await store_->command(std::move(words));
    if (!reply) co_return reply.error();
    co_return reply->integer;
}

Awaitable<Result<std::int64_t>> AnswerCache::flush() {
    auto gone = static_cast<std::int64_t>(kept_.size());
    kept_.clear();
    order_.clear();
    if (!store_) co_return gone;
    gone = 0;
    std::string cursor = "0";
    do {
        std::vector<std::string> words{"SCAN", cursor,  "COUNT", std::to_string(kMostRemovedAtOnce),
                                       "TYPE", "string"};
        auto reply = co_await store_->command(std::move(words));
        if (!reply) co_return reply.error();
        if (reply->list.size() < 2) break;
        cursor = reply->list[0].text;
        std::vector<std::string> doomed{"DEL"};
        for (auto& key : reply->list[1].list) {
            if (!key.text.starts_with(store_->answers())) continue;
            auto name = std::string_view(key.text).substr(store_->answers().size());
            auto colon = name.rfind(':');
            auto hash = colon == std::string_view::npos ? name : name.substr(colon + 1);
            // Cached answers are named by a bare hash below their namespace; records of ours are not.
            bool ours = store_->answers().empty() && name.starts_with(kPrefix) &&
                        name.find(':', kPrefix.size()) != std::string_view::npos;
            if (is_hex(hash, 64) && !ours) doomed.push_back(key.text);
        }
        if (doomed.size() == 1) continue;
        auto removed = co_await store_->command(std::move(doomed));
        if (!removed) co_return removed.error();
        gone += removed->integer;
    } while (cursor != "0");
    co_return gone;
}

}  // namespace seance::litellm
