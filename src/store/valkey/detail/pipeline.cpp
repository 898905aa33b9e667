#include "store/valkey/detail/pipeline.hpp"

#include <algorithm>
#include <utility>

namespace seance::valkey {
namespace {

// One write carries at most about this much, so that replies begin to come while the rest is still queued.
constexpr std::size_t kBatch = 64 * 1024;

}  // namespace

void Waiting::finish(Result<Reply> result) {
    if (on_reply) return std::exchange(on_reply, nullptr)(result);
    outcome = std::move(result);
    done.cancel();
}

void CommandQueue::push(WaitingPtr waiting) {
    bytes_ += waiting->wire.size();
    commands_.push_back(std::move(waiting));
}

void CommandQueue::take_batch(std::string& wire, InFlight& in_flight) {
    while (!commands_.empty() && wire.size() < kBatch) {
        auto waiting = std::move(commands_.front());
        commands_.pop_front();
        bytes_ -= waiting->wire.size();
        if (waiting->abandoned) continue;
        wire += waiting->wire;
        waiting->wire = {};
        in_flight.push_back(std::move(waiting));
    }
}

void CommandQueue::fail_all(error_code error) {
    bytes_ = 0;
    for (auto& waiting : std::exchange(commands_, {})) waiting->finish(error);
}

std::optional<std::string> Pipeline::take(std::size_t bytes) {
    last_read = Clock::now();
    reader.feed({buffer.data(), bytes});
    while (auto reply = reader.next()) {
        if (in_flight.empty()) return "the server sent a reply that nobody asked for";
        auto waiting = std::move(in_flight.front());
        in_flight.pop_front();
        waiting->finish(std::move(*reply));
    }
    if (reader.broken()) return reader.reason();
    return std::nullopt;
}

Duration Pipeline::silence() const {
    if (in_flight.empty()) return Duration::zero();
    return Clock::now() - std::max(in_flight.front()->since, last_read);
}

}  // namespace seance::valkey
