#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/litellm/config/node.hpp"
#include "services/litellm/config/store_address.hpp"
#include "services/litellm/domain/budget_period.hpp"
#include "services/litellm/domain/money.hpp"

namespace seance::litellm {

enum class TokenCount { Total, Input, Output };

// litellm_settings.cache and cache_params: reference, section 16.
struct CacheConfig {
    bool enabled = false;
    bool in_valkey = true;   // else in this process's memory
    bool by_default = true;  // mode: default_on
    bool coalesce = false;   // ours: identical calls at the same time ask the model once
    std::optional<StoreAddress> server;
    std::string name_space;
    Duration ttl = std::chrono::hours(1);
    std::optional<Duration> memory_ttl, valkey_ttl;
    std::size_t memory_entries = 1000, largest = 1 << 20;
    std::vector<std::string> call_types;           // empty: chats, completions and embeddings
    std::vector<std::vector<std::string>> groups;  // caching_groups: model groups that share their answers
    bool caches(std::string_view call_type) const;
    // What stands for a model group in the names of answers: its caching group, or itself.
    std::string name_of_group(std::string_view group) const;
};

// litellm_settings.key_generation_settings, as far as it is about keys of no team. What it says of those of
// teams is for their members, who make none here.
struct KeyGeneration {
    std::optional<std::vector<std::string>> roles;  // that may make one; nothing: all
    std::vector<std::string> required;              // fields that a request has to name
};

// What config.yaml and the environment say of keys, budgets, spend and the cache.
struct LedgerConfig {
    std::optional<StoreAddress> server;  // nothing: there is no store
    Duration deadline = std::chrono::milliseconds(50);
    Duration patience = std::chrono::milliseconds(500);  // of what cannot go on without an answer
    bool serve_when_away = false;                        // allow_requests_on_db_unavailable
    Duration key_ttl = std::chrono::seconds(60);
    Duration window = std::chrono::seconds(60);
    Duration lease = std::chrono::seconds(60);
    TokenCount counted = TokenCount::Total;
    std::optional<std::int64_t> key_parallel, global_parallel;
    std::optional<NanoUsd> proxy_budget, customer_budget, user_budget;
    std::string proxy_period, user_period;
    int budget_status = 400;
    bool keep_records = true, charge = true, keep_prompts = false;
    bool name_keys = true;  // in the log of requests; not with redact_user_api_key_info
    std::optional<Duration> keep_for;
    std::uint64_t most_records = 100'000;
    std::string spool_folder, price_file;
    std::uint64_t most_spooled = 1ULL << 30;
    boost::json::object key_defaults, key_bounds, team_defaults;
    KeyGeneration key_generation;
    CacheConfig cache;
};

// A problem is one that the gateway does not start with; others are told in `notes`.
Outcome<LedgerConfig> read_ledger_config(const Node& general, const Node& litellm, const Node& router,
                                         const config::Sources& environment, Notes& notes);

}  // namespace seance::litellm
