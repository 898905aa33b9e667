#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/valkey/client.hpp"

namespace seance::valkey {

// Commands for keys of a server or of a cluster. It learns from a cluster's own answers (MOVED, ASK) which of
// its masters has a key, and keeps a connection to each of those; a server never answers so, and has one.
class Router {
  public:
    Router(Loop& loop, Address address, ClientOptions options = {});
    // `nodes`: at least one of a cluster's, any of which leads to all; those that are away are passed over.
    Router(Loop& loop, std::vector<Address> nodes, ClientOptions options = {});
    ~Router();  // fails what still waits with operation_aborted
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    // As Client::command(), to who has `key`. All keys of a command have to be of its slot: give them a
    // {tag}.
    Awaitable<Result<Reply>> command(std::string_view key, std::vector<std::string> arguments,
                                     std::optional<Duration> limit = std::nullopt);
    // As Client::post(), to who was last known to have `key`.
    bool post(std::string_view key, const std::vector<std::string_view>& arguments);
    const State& state(std::string_view key) const;  // of the connection to who was last known to have `key`
    // Connections made so far, to all of them: what a server had may be gone where one was made anew.
    std::uint64_t connections() const;

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

// Where a cluster says that a key is: the address of "MOVED 3999 127.0.0.1:6381" with the login of `asked`,
// and its host if it names none. Nothing: the answer says no such thing.
struct Redirection {
    Address to;
    bool only_now = false;  // ASK: the slot is on its way there
};
std::optional<Redirection> read_redirection(const Reply& reply, const Address& asked);

}  // namespace seance::valkey
