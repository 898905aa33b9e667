#pragma once
#include <memory>
#include <string>

#include "net/http/server.hpp"

namespace seance::edge {

// Stands in for an upstream that the local environment does not have: accepts every request on a port of its
// own, reads the body and drops it, and answers 200 with {"status":1}. Nothing leaves this machine.
class Sink {
  public:
    Sink(Loop& loop, std::uint16_t port);  // throws if the port is taken
    Awaitable<void> drain() { return server_.drain(); }
    std::uint16_t port() const { return server_.port(); }

  private:
    http::Server server_;
};

}  // namespace seance::edge
