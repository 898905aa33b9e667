#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/litellm/domain/budget_period.hpp"
#include "services/litellm/domain/money.hpp"

namespace seance::litellm {

// What may be spent and asked in a while. Nothing set: no limit.
struct Limits {
    std::optional<NanoUsd> max_budget;
    std::optional<NanoUsd> soft_budget;   // crossing it is told, and refuses nothing
    std::optional<NanoUsd> extra_budget;  // temp_budget_increase, until `extra_until`
    std::optional<UnixMs> extra_until;
    std::optional<std::int64_t> rpm, tpm, parallel;

    std::optional<NanoUsd> budget_at(UnixMs now) const;
    bool none() const { return !max_budget && !rpm && !tpm && !parallel; }
};

struct ModelBudget {
    NanoUsd limit = 0;
    std::optional<BudgetPeriod> period;
};

// A key, user, team, member of a team, or customer as Valkey keeps it: JSON with the names of the HTTP API
// (reference, section 12.6), and what of it every call asks about, read once.
struct Entity {
    boost::json::object json;
    std::string text;   // `json` as stored
    std::string id;     // a key's SHA-256 in hex; else the id that people gave
    std::string purse;  // names its spend and windows; stays when a key is regenerated
    std::string alias;
    std::string user_id, team_id;
    std::string kind;  // key_type of a key, user_role of a user
    std::vector<std::string> models;
    std::map<std::string, std::string, std::less<>> aliases;
    std::vector<std::string> allowed_routes, cache_controls, tags;
    bool blocked = false;
    bool may_mock = false;
    bool sees_spend = false;  // permissions.get_spend_routes: of everybody, at /global/spend
    std::optional<UnixMs> expires;
    Limits limits;
    std::string period, budget_id;  // period as a BudgetPeriod's code
    std::map<std::string, ModelBudget, std::less<>> model_budgets;
    std::map<std::string, std::int64_t, std::less<>> model_rpm, model_tpm;

    bool expired(UnixMs now) const { return expires && *expires <= now; }
    bool is_admin() const { return kind == "proxy_admin"; }
};
using EntityPtr = std::shared_ptr<const Entity>;

// Nothing if the text is no record of ours.
EntityPtr read_entity(std::string text);

// The entity with what it leaves open taken from a budget that it names.
EntityPtr with_budget(const EntityPtr& entity, const EntityPtr& budget);

// Readings of a JSON object that people wrote: a number may be a text of it, null counts as absent.
std::optional<std::string> text_of(const boost::json::object& object, std::string_view name);
std::optional<double> number_of(const boost::json::object& object, std::string_view name);
std::optional<std::int64_t> integer_of(const boost::json::object& object, std::string_view name);
bool flag_of(const boost::json::object& object, std::string_view name);
std::vector<std::string> texts_of(const boost::json::object& object, std::string_view name);
std::optional<NanoUsd> usd_of(const boost::json::object& object, std::string_view name);

}  // namespace seance::litellm
