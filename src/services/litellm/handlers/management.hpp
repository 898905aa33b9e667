#pragma once
#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/litellm/domain/paging.hpp"
#include "services/litellm/domain/record_fields.hpp"
#include "services/litellm/handlers/gateway.hpp"
#include "services/litellm/ledger/records.hpp"

namespace seance::litellm {

// One call of a route that shows or changes what is kept in Valkey.
struct Management {
    Gateway& gateway;
    http::Exchange& exchange;
    Records records;
    Caller caller;
    boost::json::object body;  // of a POST
    UnixMs now = 0;

    std::optional<std::string> query(std::string_view name) const;
    // As domain's query_count and parse_page. Nothing once it has refused.
    std::optional<std::size_t> count(std::string_view name, std::size_t otherwise, std::size_t most) const;
    std::optional<Page> page(std::string_view size_name, std::size_t usual_size) const;
    void reply(const boost::json::value& value) const;
    void refuse(const ApiError& error) const;
    void away() const;  // Valkey did not answer
    std::string who() const;
    // As domain's read_fields. Nothing once it has refused: a value of the wrong type, or a name that is
    // nearly that of a field. Other names that nothing keeps are told in the log, each once.
    std::optional<boost::json::object> fields(RecordKind kind) const;
    bool has_known_fields(RecordKind kind) const;  // the names alone; false once it has refused
};

// Reads who calls and what they sent. Null once it has answered: no store, wrong body, unknown caller.
Awaitable<std::unique_ptr<Management>> begin_management(Gateway& gateway, http::Exchange& exchange);

// The log tells once of each field that is not kept.
void tell_of_fields(RecordKind kind, const std::vector<std::string>& without_effect);

ApiError not_found(std::string message, std::string param);
bool sees(const Caller& caller, const Entity& key);  // admins see all, others what is theirs

}  // namespace seance::litellm
