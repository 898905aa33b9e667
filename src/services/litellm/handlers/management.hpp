#pragma once
#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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
    std::size_t query_number(std::string_view name, std::size_t otherwise, std::size_t most) const;
    void reply(const boost::json::value& value) const;
    void refuse(const ApiError& error) const;
    void away() const;  // Valkey did not answer
    std::string who() const;
};

// Reads who calls and what they sent. Null once it has answered: no store, wrong body, unknown caller.
Awaitable<std::unique_ptr<Management>> begin_management(Gateway& gateway, http::Exchange& exchange);

ApiError not_found(std::string message, std::string param);
bool sees(const Caller& caller, const Entity& key);  // admins see all, others what is theirs

}  // namespace seance::litellm
