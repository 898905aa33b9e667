#include "store/valkey/detail/unanswered.hpp"

#include <utility>

#include "core/observe/log.hpp"

namespace seance::valkey {

bool Unanswered::next_is_silent(const Pipeline* connection) {
    const auto now = Clock::now();
    if (connection && connection->may_be_silent && !refuses_ && now - last_answered_ < Client::kAnsweredEvery)
        return true;
    last_answered_ = now;
    return false;
}

void Unanswered::judge(const Result<Reply>& reply) {
    if (!reply) return;
    const bool refused_before = std::exchange(refuses_, reply->failed());
    if (!refuses_) return;
    if (!refused_before)
        observe::log(observe::Level::Warning, "valkey_refused")
            .field("server", server_.printed())
            .field("reason", reply->text);
    if (on_refusal) on_refusal(*reply);
}

}  // namespace seance::valkey
