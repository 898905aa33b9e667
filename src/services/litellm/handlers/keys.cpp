#include "services/litellm/handlers/keys.hpp"

#include <fmt/format.h>

#include "core/base/base64.hpp"
#include "core/base/hash.hpp"
#include "core/base/id.hpp"
#include "services/litellm/domain/key_policy.hpp"
#include "services/litellm/handlers/entity_parts.hpp"
#include "services/litellm/handlers/key_parts.hpp"
#include "services/litellm/ledger/ledger.hpp"

// Keys that are made, and secrets that are made anew.
namespace seance::litellm {

namespace json = boost::json;

namespace {

constexpr std::size_t kLeastOwnKey = 8, kMostOwnKey = 256;

// "sk-" and 16 random bytes in URL-safe base64 without padding.
std::string new_secret() {
    auto text = base64_encode(random_bytes(16));
    while (text.ends_with('=')) text.pop_back();
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return "sk-" + text;
}

// The value of one's own that `field` asks for, else a new one.
Answer<std::string> secret_of(const json::object& body, const char* field) {
    auto own = text_of(body, field);
    if (!own) return new_secret();
    if (own->starts_with("sk-") && own->size() >= kLeastOwnKey && own->size() <= kMostOwnKey) return *own;
    return bad_request(fmt::format("Invalid key format. A key starts with 'sk-' and has {} to {} characters",
                                   kLeastOwnKey, kMostOwnKey),
                       field);
}

Awaitable<void> generate(Management& call, bool service_account) {
    auto& config = call.gateway.ledger().config();
    if (auto refused = check_generation(config.key_generation, call.body)) co_return call.refuse(*refused);
    auto fields = call.fields(RecordKind::Key);
    if (!fields) co_return;
    auto defaults = read_fields(RecordKind::Key, config.key_defaults, call.now);
    if (defaults) fill_fields(*fields, *defaults, call.body);
    clamp_fields(*fields, config.key_bounds, call.now, Clamp::Whole);
    if (service_account && !text_of(*fields, "team_id"))
        co_return call.refuse(bad_request("a service account needs a team_id", "team_id"));
    if (service_account) fields->erase("user_id");
    if (!co_await has_references(call, *fields)) co_return;
    auto secret = secret_of(call.body, "key");
    if (!secret) co_return call.refuse(secret.error());
    auto hash = sha256_hex(*secret);
    auto& record = *fields;
    record["id"] = hash;
    record["key_name"] = name_of_key(*secret);
    record["created_by"] = call.who();
    record["updated_by"] = call.who();
    if (service_account) record["key_type"] = text_of(record, "key_type").value_or("default");
    complete_key(record);
    auto alias = text_of(record, "key_alias").value_or("");
    auto saved = co_await call.records.save(RecordKind::Key, nullptr, std::move(record), call.now);
    if (!saved) co_return call.away();
    if (*saved == Records::Saved::AliasTaken) co_return call.refuse(alias_taken(alias));
    if (*saved == Records::Saved::Conflict)
        co_return call.refuse(bad_request("a key with this value exists already", "key"));
    auto info = co_await key_shown(call, hash);
    if (!info) co_return call.away();
    (*info)["key"] = *secret;
    (*info)["token_id"] = hash;
    call.reply(*info);
}

}  // namespace

ApiError alias_taken(std::string_view alias) {
    return bad_request(
        fmt::format("Key with alias '{}' already exists. Unique key aliases across all keys are "
                    "required.",
                    alias),
        "key_alias");
}

void complete_key(json::object& record) {
    static constexpr std::string_view null[] = {"key_alias",
                                                "expires",
                                                "max_budget",
                                                "soft_budget",
                                                "budget_duration",
                                                "budget_id",
                                                "max_parallel_requests",
                                                "tpm_limit",
                                                "rpm_limit",
                                                "user_id",
                                                "team_id",
                                                "organization_id",
                                                "blocked"};
    static constexpr std::string_view lists[] = {"models", "allowed_routes", "allowed_cache_controls", "tags",
                                                 "guardrails"};
    static constexpr std::string_view maps[] = {"aliases",        "config",           "permissions",
                                                "metadata",       "model_max_budget", "model_rpm_limit",
                                                "model_tpm_limit"};
    for (auto name : null)
        if (!record.contains(name)) record[name] = nullptr;
    for (auto name : lists)
        if (!record.contains(name) || record[name].is_null()) record[name] = json::array();
    for (auto name : maps)
        if (!record.contains(name) || record[name].is_null()) record[name] = json::object();
}

void apply_to_key(json::object& record, const json::object& fields) {
    for (auto& [name, value] : fields) record[name] = value;
    complete_key(record);
}

Awaitable<void> key_generate(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (call) co_await generate(*call, false);
}

Awaitable<void> key_service_account(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (call) co_await generate(*call, true);
}

// A new secret for the same limits and spend; the old one stops at once.
Awaitable<void> key_regenerate(Gateway& gateway, http::Exchange& exchange, std::string parameter) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto key = parameter.empty() ? text_of(call->body, "key").value_or("") : parameter;
    auto found = co_await call->records.get(RecordKind::Key, hash_of_key(key));
    if (!found) co_return call->away();
    if (!*found) co_return call->refuse(unknown_key(key));
    auto fields = call->fields(RecordKind::Key);
    if (!fields) co_return;
    if (!co_await has_references(*call, *fields)) co_return;
    auto secret = secret_of(call->body, "new_key");
    if (!secret) co_return call->refuse(secret.error());
    auto hash = sha256_hex(*secret);
    // The old record goes first, so that at no time two secrets open the same purse.
    auto record = (*found)->json;
    clamp_fields(*fields, gateway.ledger().config().key_bounds, call->now, Clamp::Change);
    apply_to_key(record, *fields);
    record["id"] = hash;
    record["key_name"] = name_of_key(*secret);
    record["updated_by"] = call->who();
    auto gone = co_await call->records.remove(RecordKind::Key, *found, false);
    if (!gone) co_return call->away();
    auto saved = co_await call->records.save(RecordKind::Key, nullptr, std::move(record), call->now);
    if (!saved) co_return call->away();
    if (*saved != Records::Saved::Yes) {
        // Back to what was.
        co_await call->records.save(RecordKind::Key, nullptr, (*found)->json, call->now);
        co_return call->refuse(bad_request("the new key or its alias is taken", "new_key"));
    }
    auto info = co_await key_shown(*call, hash);
    if (!info) co_return call->away();
    (*info)["key"] = *secret;
    (*info)["token_id"] = hash;
    call->reply(*info);
}

}  // namespace seance::litellm
