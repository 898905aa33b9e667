#pragma once
#include <memory>
#include <string>
#include <vector>

#include "services/litellm/domain/breaker.hpp"
#include "services/litellm/ledger/scripts.hpp"
#include "store/valkey/client.hpp"

namespace seance::litellm {

// Valkey as one loop's requests see it: a deadline for each command, and a breaker in front, so that a server
// that is away, frozen or slow costs a request at most the deadline, and soon nothing.
class Store {
  public:
    Store(Loop& loop, const valkey::Address& address, Duration deadline);

    // A command, or a script with its keys and arguments. What the server itself refuses is an error as well.
    Awaitable<Result<valkey::Reply>> command(std::vector<std::string> words);
    Awaitable<Result<valkey::Reply>> run(const Script& script, std::vector<std::string> keys,
                                         std::vector<std::string> arguments);

    bool available() const { return client_.state().connected && !breaker_.open(); }
    Duration deadline() const { return deadline_; }  // of each command
    const valkey::State& state() const { return client_.state(); }

  private:
    Duration deadline_;
    valkey::Client client_;
    Breaker breaker_;
};

// What the server answered with an error, such as WRONGTYPE where somebody else used a key of ours.
error_code refused_by_server();

}  // namespace seance::litellm
