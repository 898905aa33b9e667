#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/runtime/awaitable.hpp"

namespace seance::signaling::sync {

using Updates = std::vector<std::string>;

// Where the updates of one room are kept, while it is open. Calls come one at a time, each awaited in place.
class DocumentLog {
  public:
    virtual ~DocumentLog() = default;

    // What is kept and this log has not given yet: everything at first, later what other replicas have added.
    virtual Awaitable<Outcome<Updates>> read() = 0;
    // After read() has succeeded once. When it returns the updates are kept, as durably as its store says.
    virtual Awaitable<Outcome<void>> append(const Updates& updates) = 0;
    // Puts `whole` in the place of everything that was read and appended. False: others have added to it or
    // done the same meanwhile, and nothing was changed: read() first.
    virtual Awaitable<Outcome<bool>> compact(const Updates& whole) = 0;
    // Keeps it from expiring while it is open.
    virtual void renew() = 0;
    // Gives up what the log holds on to, for the next to open it. read() begins anew.
    virtual Awaitable<void> close() = 0;

    // The last read() found nothing of what had been there: it has to be written anew.
    bool lost() const { return lost_; }

    // What was read may not be there any more, nor what was appended since: read() tells.
    virtual bool outdated() const { return false; }

    // What a compaction would replace.
    std::size_t entries() const { return entries_; }
    std::size_t bytes() const { return bytes_; }

  protected:
    std::size_t entries_ = 0, bytes_ = 0;
    bool lost_ = false;
};

class DocumentStore {
  public:
    virtual ~DocumentStore() = default;
    virtual std::unique_ptr<DocumentLog> open(const std::string& room) = 0;
    // Called every second, for a store that makes things durable by and by.
    virtual Awaitable<void> flush() = 0;
    // Deletes what nobody has opened for its time. Called every hour.
    virtual Awaitable<void> sweep() = 0;
};

}  // namespace seance::signaling::sync
