#pragma once
#include "core/runtime/loop.hpp"
#include "net/stream/stream.hpp"

namespace seance::websocket {

// A plain socket whose bytes go through `tls` and come from it, until either side ends: WebSocket reads and
// writes its socket directly, and TLS is for our clients alone, where one more copy does not matter.
Result<stream::TcpSocket> bridge_tls(Loop& loop, stream::Stream tls);

}  // namespace seance::websocket
