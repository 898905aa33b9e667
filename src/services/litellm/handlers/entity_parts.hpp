#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "services/litellm/handlers/management.hpp"

// What the routes of /user, /team, /customer and /budget share, and those of /key in part. Those that give no
// value have answered.
namespace seance::litellm {

std::string sent_id_field(RecordKind kind);  // "team_id"; a customer is named user_id, as in its calls
ApiError unknown_entity(RecordKind kind, std::string_view id);

// One as the HTTP API shows it, with its spend. Nothing: Valkey does not answer, or it is gone.
Awaitable<std::optional<boost::json::object>> entity_shown(Management& call, RecordKind kind, std::string id);
// The same of one that is asked for, once what its calls have cost is on record. Nothing: it has answered.
Awaitable<std::optional<boost::json::object>> settled_entity(Management& call, RecordKind kind,
                                                             std::string id);
// The keys of a user or a team, by "user_id" or "team_id". Nothing: Valkey does not answer.
Awaitable<std::optional<boost::json::array>> keys_of(Management& call, std::string_view field,
                                                     std::string id);

// Why a record may not be kept: it names a team or a budget that does not exist, so it would have none of its
// limits. An error: Valkey does not answer.
Awaitable<Result<Failure>> missing_reference(Management& call, const boost::json::object& fields);
Awaitable<bool> has_references(Management& call,
                               const boost::json::object& fields);  // false: it has answered

Awaitable<bool> answer_entity(Management& call, RecordKind kind, std::string id);
Awaitable<void> create_entity(Management& call, RecordKind kind);
Awaitable<void> update_entity(Management& call, RecordKind kind);
Awaitable<void> remove_entity(Management& call, RecordKind kind);
// Changes one, of any kind, again if somebody else changed it meanwhile; `unknown` is the answer if there is
// none. True once saved; else it has answered.
Awaitable<bool> change_record(Management& call, RecordKind kind, std::string id, ApiError unknown,
                              std::function<void(boost::json::object&)> change);
// The same of what is no key, by an id that may have been left out.
Awaitable<bool> change_entity(Management& call, RecordKind kind, std::string id,
                              std::function<void(boost::json::object&)> change);
// `wrapped`: the member that holds the list; "": the list is all of the answer.
Awaitable<void> list_entities(Management& call, RecordKind kind, std::string_view wrapped);
Awaitable<void> set_entity_blocked(Gateway& gateway, http::Exchange& exchange, RecordKind kind, bool blocked);

using EntityWork = Awaitable<void> (*)(Management&, RecordKind);
Awaitable<void> with_management(Gateway& gateway, http::Exchange& exchange, EntityWork work, RecordKind kind);

}  // namespace seance::litellm
