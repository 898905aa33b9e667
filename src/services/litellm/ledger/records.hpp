#pragma once
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "services/litellm/domain/entity.hpp"
#include "services/litellm/domain/record_fields.hpp"
#include "services/litellm/ledger/store.hpp"

namespace seance::litellm {

// Keys, users, teams, customers and budgets in Valkey, for the routes that manage them. Every change counts
// the version up that admissions compare, so it holds for the next call on every gateway.
class Records {
  public:
    explicit Records(Store& store) : store_(store) {}

    enum class Saved { Yes, Conflict, AliasTaken };

    // Null: there is none.
    Awaitable<Result<EntityPtr>> get(RecordKind kind, std::string id);
    Awaitable<Result<std::vector<EntityPtr>>> get_all(RecordKind kind, std::vector<std::string> ids);
    // Newest first.
    Awaitable<Result<std::vector<std::string>>> ids(RecordKind kind);
    Awaitable<Result<std::string>> hash_of_alias(std::string alias);  // "": nobody has it
    Awaitable<Result<std::vector<std::string>>> aliases();

    // `old`: what was read before, or null for a new one. Spend, period and time of the reset that are among
    // `record`'s fields go to the purse.
    Awaitable<Result<Saved>> save(RecordKind kind, EntityPtr old, boost::json::object record, UnixMs now);
    Awaitable<Result<std::int64_t>> remove(RecordKind kind, EntityPtr record, bool with_purse);
    Awaitable<error_code> set_spend(std::string purse, NanoUsd spend);

    struct Purse {
        NanoUsd spend = 0, reserved = 0;
        std::optional<UnixMs> reset_at;
        boost::json::object by_model;
    };
    Awaitable<Result<Purse>> purse(std::string id, UnixMs now);

    // As the HTTP API shows it: without what is ours alone, with spend and the next reset.
    static boost::json::object shown(const Entity& record, const Purse& purse);

  private:
    Store& store_;
};

}  // namespace seance::litellm
