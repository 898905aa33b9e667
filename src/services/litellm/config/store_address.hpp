#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "services/litellm/config/node.hpp"
#include "store/valkey/address.hpp"

namespace seance::litellm {

// Where keys, spend and cached answers are kept: in one server, or in a cluster, which any of its nodes leads
// to.
struct StoreAddress {
    valkey::Address server;               // of a cluster, the node that is named first
    std::vector<valkey::Address> others;  // its other nodes
    bool cluster = false;

    std::vector<valkey::Address> nodes() const;  // all that are named
};

// Reads one from a URL, or from its parts: url · host, port, db · of both username, password and ssl. `value`
// gives the text of a part, "" if it is absent. Problems are told with `from`, which names where it stands.
// Nothing: none is named, or that is a problem.
using AddressPart = std::function<std::string(const char* part)>;
std::optional<StoreAddress> read_store_address(const AddressPart& value, const std::string& from,
                                               Notes& notes);

// The same for a cluster, with the login that `value` gives. `nodes`: [{"host": "10.0.0.1", "port": 6379}, …]
std::optional<StoreAddress> read_cluster_address(const std::string& nodes, const AddressPart& value,
                                                 const std::string& from, Notes& notes);

}  // namespace seance::litellm
