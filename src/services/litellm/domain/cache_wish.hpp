#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http/message.hpp"
#include "services/litellm/config/ledger_config.hpp"
#include "services/litellm/domain/chat_request.hpp"

namespace seance::litellm {

// What one call asks of the response cache: reference, section 16.
struct CacheWish {
    bool read = false, write = false;
    std::string key;                  // as it is kept, with its namespace
    std::optional<Duration> ttl;      // how long to keep it
    std::optional<Duration> max_age;  // older is a miss

    bool any() const { return read || write; }
};

// `allowed`: the key's allowed_cache_controls; empty: all. `group`: the model group that is asked.
Answer<CacheWish> read_cache_wish(const CacheConfig& config, std::string_view call_type,
                                  std::string_view group, const JsonValue& body,
                                  const http::FieldViews& fields, const std::vector<std::string>& allowed);

// The hash that names a call: of its kind, group and every member of its body that can change the answer, in
// whatever order and with whatever white space they were sent.
std::string cache_hash(std::string_view call_type, std::string_view group, const JsonValue& body);

}  // namespace seance::litellm
