#pragma once
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "net/websocket/connection.hpp"

namespace seance::websocket {

// Connects to ws://host[:port]/path and shakes hands, all within `limit`. Names are resolved; localhost and
// *.localhost are this machine (RFC 6761), though glibc knows only the first. Without a listener: the
// messages come by read_message(). `options` must outlive the connection; client_options() are its defaults.
Awaitable<Outcome<std::shared_ptr<WebSocket>>> connect(Loop& loop, std::string url, const Options& options,
                                                       Duration limit);

// The options of a client: no pings of its own, the server's are answered.
Options client_options();

}  // namespace seance::websocket
