#pragma once
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/observe/metrics.hpp"
#include "services/litellm/domain/cache_wish.hpp"
#include "services/litellm/ledger/store.hpp"

namespace seance::litellm {

// Answers to be given again, in Valkey or in this loop's memory. Never load-bearing: without Valkey, or when
// it is slow, everything is a miss. Used by shared_ptr, since writes outlive their call.
class AnswerCache : public std::enable_shared_from_this<AnswerCache> {
  public:
    AnswerCache(Loop& loop, const CacheConfig& config);
    void configure(const CacheConfig& config);
    const CacheConfig& config() const { return config_; }

    // The response as it was stored, JSON.
    Awaitable<std::optional<std::string>> find(CacheWish wish);
    void store(const CacheWish& wish, std::string response);  // does not wait

    // Identical calls at the same time: the first one leads, the others wait for it and look again.
    class Lead {
      public:
        Lead(std::shared_ptr<AnswerCache> cache, std::string key);
        ~Lead();
        Lead(const Lead&) = delete;
        Lead& operator=(const Lead&) = delete;

      private:
        std::shared_ptr<AnswerCache> cache_;
        std::string key_;
    };
    // A lead, or null after waiting for somebody else's to end, at most `limit`.
    Awaitable<std::unique_ptr<Lead>> lead_or_wait(std::string key, Duration limit);

    // For the routes.
    Store* valkey() { return store_.get(); }
    Awaitable<Result<std::int64_t>> remove(std::vector<std::string> keys);
    Awaitable<Result<std::int64_t>> flush();  // what is cached, and nothing else that Valkey holds

  private:
    struct Kept {
        std::string value;
        Instant until;
        std::list<std::string>::iterator place;
    };
    struct Waiters;
    std::optional<std::string> read(const std::string& value, const CacheWish& wish) const;
    void remember(const std::string& key, std::string value, Duration ttl);
    void forget(const std::string& key);
    static Awaitable<void> write(std::shared_ptr<AnswerCache> self, std::string key, std::string value,
                                 Duration ttl);

    Loop& loop_;
    CacheConfig config_;
    std::unique_ptr<Store> store_;
    std::unordered_map<std::string, Kept> kept_;
    std::list<std::string> order_;  // least lately used first
    std::unordered_map<std::string, std::shared_ptr<Waiters>> leads_;
    observe::Counter &hits_, &misses_, &stored_, &coalesced_;
};

}  // namespace seance::litellm
