#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/runtime/signal.hpp"
#include "store/valkey/detail/session.hpp"

namespace seance::valkey {

bool needs_own_connection(std::string_view command);

// A command between its caller and its reply.
struct Waiting {
    Waiting(Executor executor, std::string text)
        : wire(std::move(text)), done(executor), since(Clock::now()) {}

    void finish(Result<Reply> result);

    std::string wire;
    std::optional<Result<Reply>> outcome;
    Client::OnReply on_reply;  // of a posted command, which nobody awaits
    Timer done;
    Instant since;
    bool abandoned = false;
    std::size_t unanswered = 0;  // commands in `wire`, if nobody needs their replies
};
using WaitingPtr = std::shared_ptr<Waiting>;
using InFlight = std::deque<WaitingPtr>;  // sent, in the order of their replies

struct Pipeline;

// Commands that are not sent yet, and the count of all that have no reply.
class CommandQueue {
  public:
    explicit CommandQueue(const ClientOptions& options) : options_(options) {}

    // Whether one more of so many bytes is too much.
    bool full(std::size_t bytes) const {
        return without_reply_ >= options_.max_waiting ||
               (bytes_ > 0 && bytes_ + bytes > options_.max_waiting_bytes);
    }
    void push(WaitingPtr waiting);
    void push_unanswered(const Executor& executor, std::span<const std::string_view> arguments);
    // As many as leave in one write over `pipeline`, to the end of its `in_flight` if they have replies;
    // their bytes to `wire`. Not those that nobody waits for any more.
    void take_batch(std::string& wire, Pipeline& pipeline);
    void fail_all(error_code error);

    // Who counts a command has to end it when it has its reply or is given up.
    void begin_one() { ++without_reply_; }
    void end_one() { --without_reply_; }
    struct Counted {
        explicit Counted(CommandQueue& queue) : queue_(queue) { queue_.begin_one(); }
        ~Counted() { queue_.end_one(); }
        Counted(const Counted&) = delete;
        CommandQueue& queue_;
    };

  private:
    const ClientOptions& options_;
    std::deque<WaitingPtr> commands_;
    std::size_t bytes_ = 0, without_reply_ = 0;
    std::string spare_;  // room of what has been sent, for the next without answers
};

// A connection over which commands are sent before earlier ones have their reply.
struct Pipeline : Session {
    Pipeline(Executor executor, std::size_t max_reply) : Session(executor, max_reply), wake(executor) {}

    // `buffer` has so many new bytes: gives replies to who waits. Why the connection is lost, if it is.
    std::optional<std::string> take(std::size_t bytes);
    Duration silence() const;  // how long the server has owed a reply

    Signal wake;  // of the writer
    InFlight in_flight;
    bool lost = false;
    bool asked_for_silence = false;  // whether the server would leave out replies
    bool may_be_silent = false;      // it would
    bool silent = false;             // it does, from the last command on that was sent
};
using PipelinePtr = std::shared_ptr<Pipeline>;

}  // namespace seance::valkey
