#pragma once
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "net/http/message.hpp"
#include "net/websocket/connection.hpp"

namespace seance::websocket {

// What the upgrade request says beside the address.
struct Upgrading {
    Upgrading() = default;    // no aggregate: g++ 12 destroys those twice in a co_await expression
    http::Fields fields;      // more header fields, such as a credential
    std::string subprotocol;  // "" = none; the server has to choose it
    std::string ca_file;      // for wss://; "" = the system's certificates
    std::string connect_to;   // "address:port" in place of the URL's; Host and TLS name stay the URL's
};

// Connects to ws:// or wss://host[:port]/path and shakes hands, all within `limit`. Names are resolved;
// localhost and *.localhost are this machine (RFC 6761), though glibc knows only the first. Without a
// listener: the messages come by read_message(). The connection keeps a copy of `options`; client_options()
// are its defaults.
Awaitable<Outcome<std::shared_ptr<WebSocket>>> connect(Loop& loop, std::string url, const Options& options,
                                                       Duration limit, Upgrading upgrading = Upgrading());

// The options of a client: no pings of its own, the server's are answered.
Options client_options();

}  // namespace seance::websocket
