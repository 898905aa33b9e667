#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/observe/metrics.hpp"
#include "core/runtime/signal.hpp"
#include "core/runtime/worker.hpp"
#include "services/litellm/config/ledger_config.hpp"
#include "services/litellm/ledger/spool.hpp"
#include "services/litellm/ledger/store.hpp"

namespace seance::litellm {

// Carries one loop's settled calls into Valkey: they are on disk when post() returns, in Valkey as soon as it
// can be reached, and charged exactly once, whatever is killed when. `adopts`: this one also carries what
// dead processes left, and lets old records go.
class Courier : public std::enable_shared_from_this<Courier> {
  public:
    Courier(Loop& loop, const LedgerConfig& config, bool adopts);
    void start();

    void post(std::string_view operations, std::string_view record);

    // Waits until what has been posted is in Valkey, at most so long. True if it is.
    Awaitable<bool> settled(Duration limit);
    Awaitable<void> drain();
    std::uint64_t waiting() const { return spool_.waiting(); }
    void configure(const LedgerConfig& config);

  private:
    static Awaitable<void> run(std::shared_ptr<Courier> self, Awaitable<void> work);
    Awaitable<void> carry();
    Awaitable<bool> carry_some(Spool& spool);
    Awaitable<void> keep_house();
    Awaitable<void> let_go_of_old_records();
    void tell_of_disk();

    Loop& loop_;
    LedgerConfig config_;
    bool adopts_;
    Store store_;
    Spool spool_;
    std::vector<std::unique_ptr<Spool>> adopted_;
    std::optional<Worker> disk_;
    Signal posted_;
    Timer pause_, house_;
    bool closing_ = false, losing_ = false;
    std::string told_problem_;
    int running_ = 0;
    observe::Gauge& waiting_;
    observe::Counter &delivered_, &lost_;
};

}  // namespace seance::litellm
