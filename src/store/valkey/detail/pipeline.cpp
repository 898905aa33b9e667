#include "store/valkey/detail/pipeline.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/text.hpp"

namespace seance::valkey {
namespace {

// One write carries at most about this much, so that replies begin to come while the rest is still queued. A
// busy loop comes to it some fifty times a second, with all that its clients have published meanwhile.
constexpr std::size_t kBatch = 1 << 20;

// It is for all that follows. OFF has no reply itself, ON has one.
constexpr std::string_view kReplyOff = "*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$3\r\nOFF\r\n";
constexpr std::string_view kReplyOn = "*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$2\r\nON\r\n";

}  // namespace

bool needs_own_connection(std::string_view name) {
    static constexpr std::array<std::string_view, 17> kNames{
        "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR",  "SYNC",   "PSYNC", "MULTI", "WATCH", "BLPOP",
        "BRPOP",     "BLMOVE",     "BZPOPMIN",   "BZPOPMAX", "SELECT", "AUTH",  "HELLO", "QUIT"};
    return std::any_of(kNames.begin(), kNames.end(), [&](auto known) { return iequals(known, name); });
}

void Waiting::finish(Result<Reply> result) {
    if (on_reply) return std::exchange(on_reply, nullptr)(result);
    outcome = std::move(result);
    done.cancel();
}

void CommandQueue::push(WaitingPtr waiting) {
    bytes_ += waiting->wire.size();
    commands_.push_back(std::move(waiting));
}

void CommandQueue::push_unanswered(const Executor& executor, std::span<const std::string_view> arguments) {
    if (commands_.empty() || commands_.back()->unanswered == 0 || commands_.back()->wire.size() >= kBatch) {
        commands_.push_back(std::make_shared<Waiting>(executor, std::exchange(spare_, {})));
    }
    auto& last = *commands_.back();
    const auto before = last.wire.size();
    append_command(last.wire, arguments);
    bytes_ += last.wire.size() - before;
    ++last.unanswered;
}

void CommandQueue::take_batch(std::string& wire, Pipeline& pipeline) {
    auto expect_reply = [&](const WaitingPtr& like) {
        pipeline.in_flight.push_back(std::make_shared<Waiting>(like->done.get_executor(), std::string{}));
    };
    while (!commands_.empty() && wire.size() < kBatch) {
        auto waiting = std::move(commands_.front());
        commands_.pop_front();
        bytes_ -= waiting->wire.size();
        if (waiting->abandoned) continue;
        const bool silent = waiting->unanswered > 0 && pipeline.may_be_silent;
        if (silent != std::exchange(pipeline.silent, silent)) {
            wire += silent ? kReplyOff : kReplyOn;
            if (!silent) expect_reply(waiting);
        }
        if (wire.empty())
            wire.swap(waiting->wire);
        else
            wire += waiting->wire;
        waiting->wire.clear();
        if (waiting->wire.capacity() <= 2 * kBatch && spare_.capacity() < waiting->wire.capacity())
            spare_.swap(waiting->wire);
        std::string().swap(waiting->wire);  // which frees it
        if (silent) continue;
        // Made for a connection whose server could be silent, and sent over one whose server may not be.
        for (std::size_t more = 1; more < waiting->unanswered; ++more) expect_reply(waiting);
        pipeline.in_flight.push_back(std::move(waiting));
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
