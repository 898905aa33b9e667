#pragma once
#include <string>
#include <string_view>

#include "net/http/message.hpp"

namespace seance::websocket {

// RFC 6455 section 4, without I/O.

// The Sec-WebSocket-Accept that belongs to a Sec-WebSocket-Key.
std::string accept_key(std::string_view key);

// A client's key: 16 random bytes in base64.
std::string make_key();

// What a server answers to a request with `upgrades_to_websocket`.
struct Upgrade {
    int status = 101;         // else 400, or 426 with Sec-WebSocket-Version
    std::string_view reason;  // with 400 and 426: for the client and the log
    std::string accept;       // with 101
};
Upgrade check_upgrade(const http::RequestHead& head);

// The 101, with its final blank line. `extensions` is what deflate.hpp answers; no subprotocol is ever
// agreed on.
std::string upgrade_response(std::string_view accept, std::string_view request_id = {},
                             std::string_view extensions = {});

// The request that a client sends. `authority` as in Host; with an empty `subprotocol` it asks for none.
std::string upgrade_request(std::string_view authority, std::string_view target, std::string_view key,
                            const http::Fields& fields = {}, std::string_view subprotocol = {});

// Why a server's answer is no upgrade, as a sentence; empty if it is one. `subprotocol` is what was asked
// for.
std::string refuse_response(const http::ResponseHead& head, std::string_view key,
                            std::string_view subprotocol = {});

}  // namespace seance::websocket
