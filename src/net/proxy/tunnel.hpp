#pragma once
#include <string>

#include "net/http/connection_pool.hpp"
#include "net/http/server.hpp"

namespace seance::proxy {

// Bytes both ways between a client and an upstream until both directions have ended, either side fails, or
// nothing has moved for `idle`. First sends what each side already said. The end of one direction is passed
// on.
Awaitable<void> run_tunnel(Loop& loop, http::TakenOver client, http::ClientConnection& upstream,
                           std::string to_client, Duration idle);

}  // namespace seance::proxy
