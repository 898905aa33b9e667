#pragma once
#include <memory>
#include <string>
#include <vector>

#include "services/litellm/config/store_address.hpp"
#include "services/litellm/domain/breaker.hpp"
#include "services/litellm/ledger/scripts.hpp"
#include "store/valkey/client.hpp"
#include "store/valkey/router.hpp"

namespace seance::litellm {

// Every key of ours begins so. In a cluster the tag keeps all of them in one slot: scripts use several at
// once.
inline constexpr std::string_view kPrefix = "litellm:", kClusterPrefix = "{litellm}:";

// Valkey as one loop's requests see it: a deadline for each command, a longer one for what cannot go on
// without an answer, and a breaker in front, so that a server that is away, frozen or slow soon costs a
// request nothing.
class Store {
  public:
    // `longest`: a command's own limit, if they may be longer than the deadline.
    Store(Loop& loop, const StoreAddress& address, Duration deadline, Duration longest = Duration::zero());

    std::string key(std::string_view name) const { return prefix_ + std::string(name); }  // "litellm:version"
    std::string record_key(std::string_view kind, std::string_view id) const;  // "litellm:key:<hash>"
    // A cached answer has its own name; in a cluster it is kept beside what is ours.
    std::string answer_key(std::string_view name) const { return answers_ + std::string(name); }
    const std::string& answers() const { return answers_; }  // how those names begin

    // A command for keys of ours, or a script with its further keys and its arguments. What the server itself
    // refuses is an error as well.
    Awaitable<Result<valkey::Reply>> command(std::vector<std::string> words) {
        return command(std::move(words), deadline_);
    }
    Awaitable<Result<valkey::Reply>> command(std::vector<std::string> words, Duration limit);
    Awaitable<Result<valkey::Reply>> run(const Script& script, std::vector<std::string> keys,
                                         std::vector<std::string> arguments) {
        return run(script, std::move(keys), std::move(arguments), deadline_);
    }
    Awaitable<Result<valkey::Reply>> run(const Script& script, std::vector<std::string> keys,
                                         std::vector<std::string> arguments, Duration limit);

    bool available() const { return state().connected && !breaker_.open(); }
    const valkey::State& state() const;

  private:
    Awaitable<Result<valkey::Reply>> send(std::vector<std::string> words, Duration limit);

    Duration deadline_;
    std::string prefix_, answers_, version_key_;
    std::unique_ptr<valkey::Client> client_;  // of one server
    std::unique_ptr<valkey::Router> router_;  // else of a cluster
    Breaker breaker_;
};

// What the server answered with an error, such as WRONGTYPE where somebody else used a key of ours.
error_code refused_by_server();

}  // namespace seance::litellm
