#pragma once
#include <functional>

#include "store/valkey/detail/pipeline.hpp"

namespace seance::valkey {

// Which of the many commands that mostly have no answer have one after all, and what the answers say.
class Unanswered {
  public:
    explicit Unanswered(const Address& server) : server_(server) {}

    // Whether the next goes without an answer over this connection, if there is one; else judge() hears it.
    bool next_is_silent(const Pipeline* connection);
    void judge(const Result<Reply>& reply);

    std::function<void(const Reply&)> on_refusal;

  private:
    const Address& server_;
    Instant last_answered_{};
    bool refuses_ = false;
};

}  // namespace seance::valkey
