#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "core/runtime/awaitable.hpp"

namespace seance::websocket {

class WebSocket;

// Sends what the connections of one loop have queued in a turn, after the handlers of all sockets that were
// readable in it and before the loop sleeps, so what these cause to be sent to one peer leaves in one write
// and nothing is delayed. A turn that has left much for many is followed by the next before that: a send
// takes the kernel ten times as long as what precedes it, and with more sockets ready than fit into a turn,
// or a partner's messages among them, the same peers are about to get more. Made by use_service(); called on
// the loop.
class Flusher final : public asio::execution_context::service {
  public:
    using key_type = Flusher;
    static asio::execution_context::id id;
    static constexpr std::size_t kMany = 64;   // peers; sending to them takes half a millisecond
    static constexpr unsigned kMostTurns = 4;  // of a loop's sockets, before the first is sent to

    explicit Flusher(asio::io_context& context);
    static Flusher& of(const Executor& executor);

    void add(std::shared_ptr<WebSocket> socket);  // once until it is flushed
    void queued() { ++frames_; }                  // a frame, on any of them
    bool waits() const { return !waiting_.empty(); }

  private:
    void shutdown() override {
        waiting_.clear();
        leaving_.clear();
    }
    void post();
    void end_turn();

    Executor executor_;
    std::vector<std::shared_ptr<WebSocket>> waiting_, leaving_;  // leaving_: in their turn, else empty
    std::uint64_t frames_ = 0, frames_before_ = 0;
    unsigned turns_ = 0;
};

}  // namespace seance::websocket
