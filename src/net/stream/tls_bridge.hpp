#pragma once
#include "core/runtime/loop.hpp"
#include "net/stream/stream.hpp"

namespace seance::stream {

// A plain socket whose bytes go through `tls` and come from it, until either side ends: for what reads and
// writes its socket directly, where one more copy does not matter.
Result<TcpSocket> bridge_tls(Executor executor, Stream tls);

}  // namespace seance::stream
