#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/hash.hpp"
#include "core/base/text.hpp"
#include "services/litellm/handlers/entity_parts.hpp"
#include "services/litellm/handlers/key_parts.hpp"
#include "services/litellm/handlers/keys.hpp"
#include "services/litellm/ledger/ledger.hpp"

// What is shown of keys.
namespace seance::litellm {

namespace json = boost::json;

namespace {

// What `expand` of /key/list asks to see beside each key: its user and its team, each read once.
class Expansion {
  public:
    Expansion(Management& call, std::string_view wanted) : call_(call) {
        for (auto name : split(wanted, ',')) {
            if (trim(name) == "user") kinds_.push_back(RecordKind::User);
            if (trim(name) == "team") kinds_.push_back(RecordKind::Team);
        }
    }

    // Adds "user" and "team", null where there is none.
    Awaitable<void> add_to(json::object& key) {
        for (auto kind : kinds_) {
            std::string name(name_of(kind));
            auto id = text_of(key, name + "_id").value_or("");
            key[name] = nullptr;
            if (id.empty()) continue;
            auto found = known_.find({kind, id});
            if (found == known_.end()) {
                auto info = co_await entity_shown(call_, kind, id);
                if (info && kind == RecordKind::User) with_usual_budget(*info);
                found = known_.emplace(std::pair(kind, id), info ? json::value(*info) : json::value()).first;
            }
            key[name] = found->second;
        }
    }

  private:
    // What holds for users that have none of their own.
    void with_usual_budget(json::object& user) const {
        auto& usual = call_.gateway.ledger().config().user_budget;
        auto own = user.if_contains("max_budget");
        if (usual && (!own || own->is_null())) user["max_budget"] = to_usd(*usual);
    }

    Management& call_;
    std::vector<RecordKind> kinds_;
    std::map<std::pair<RecordKind, std::string>, json::value> known_;
};

}  // namespace

std::string hash_of_key(std::string_view key) {
    return key.starts_with("sk-") ? sha256_hex(key) : lower(key);
}

std::string name_of_key(std::string_view secret) {
    return fmt::format("sk-...{}", secret.substr(secret.size() - 4));
}

ApiError unknown_key(std::string_view key) {
    return not_found(
        fmt::format("Key not found in database. Received key={}",
                    key.starts_with("sk-") && key.size() > 8 ? name_of_key(key) : std::string(key)),
        "key");
}

Awaitable<std::optional<json::object>> key_shown(Management& call, std::string hash) {
    auto record = co_await call.records.get(RecordKind::Key, hash);
    if (!record || !*record) co_return std::nullopt;
    auto purse = co_await call.records.purse((*record)->purse, call.now);
    if (!purse) co_return std::nullopt;
    auto info = Records::shown(**record, *purse);
    info["token"] = hash;
    info["model_spend"] = purse->by_model;
    co_return info;
}

Awaitable<void> key_info(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto key = call->query("key");
    if (!key && call->caller.key) key = call->caller.key->id;
    if (!key) co_return call->refuse(bad_request("key is required: /key/info?key=sk-… or its hash", "key"));
    co_await gateway.ledger().courier()->settled(std::chrono::milliseconds(500));
    auto found = co_await call->records.get(RecordKind::Key, hash_of_key(*key));
    if (!found) co_return call->away();
    if (!*found) co_return call->refuse(unknown_key(*key));
    if (!sees(call->caller, **found)) {
        ApiError error{.status = 403,
                       .message = "You are not allowed to access this key's info. Use the master key.",
                       .type = "auth_error",
                       .param = "key"};
        co_return call->refuse(error);
    }
    auto info = co_await key_shown(*call, hash_of_key(*key));
    if (!info) co_return call->away();
    json::object answer{{"key", *key}, {"info", *info}};
    call->reply(answer);
}

Awaitable<void> key_list(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto page = call->page("size", 10);
    if (!page) co_return;
    auto ids = co_await call->records.ids(RecordKind::Key);
    if (!ids) co_return call->away();
    auto user = call->query("user_id"), team = call->query("team_id"), alias = call->query("key_alias"),
         hash = call->query("key_hash");
    auto whole = call->query("return_full_object");
    std::vector<EntityPtr> matching;
    constexpr std::size_t kAtOnce = 500;
    for (std::size_t at = 0; at < ids->size(); at += kAtOnce) {
        std::vector<std::string> some(
            ids->begin() + static_cast<std::ptrdiff_t>(at),
            ids->begin() + static_cast<std::ptrdiff_t>(std::min(at + kAtOnce, ids->size())));
        auto keys = co_await call->records.get_all(RecordKind::Key, std::move(some));
        if (!keys) co_return call->away();
        for (auto& key : *keys)
            if ((!user || key->user_id == *user) && (!team || key->team_id == *team) &&
                (!alias || key->alias.find(*alias) != std::string::npos) && (!hash || key->id == *hash))
                matching.push_back(key);
    }
    Expansion expansion(*call, call->query("expand").value_or(""));
    json::array list;
    for (auto at = page->begin(); at < page->end(matching.size()); ++at) {
        if (whole != "true" && whole != "True") {
            list.emplace_back(matching[at]->id);
        } else if (auto info = co_await key_shown(*call, matching[at]->id)) {
            co_await expansion.add_to(*info);
            list.emplace_back(*info);
        }
    }
    json::object answer{{"keys", list},
                        {"total_count", matching.size()},
                        {"current_page", page->number},
                        {"total_pages", page->count(matching.size())}};
    call->reply(answer);
}

Awaitable<void> key_aliases(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    auto names = co_await call->records.aliases();
    if (!names) co_return call->away();
    json::array list;
    for (auto& name : *names) list.emplace_back(name);
    json::object answer{
        {"aliases", list}, {"total_count", list.size()}, {"current_page", 1}, {"total_pages", 1}};
    call->reply(answer);
}

// What a key's own calls would meet: that it is valid was checked on the way here.
Awaitable<void> key_health(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto call = co_await begin_management(gateway, exchange);
    if (!call) co_return;
    json::object answer{{"key", "healthy"}, {"logging_callbacks", nullptr}};
    call->reply(answer);
}

}  // namespace seance::litellm
