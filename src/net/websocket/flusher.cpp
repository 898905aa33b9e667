#include "net/websocket/flusher.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "net/websocket/connection.hpp"

namespace seance::websocket {

namespace {

constexpr std::size_t kMostRoomKept = 4096;  // peers

}  // namespace

asio::execution_context::id Flusher::id;

Flusher::Flusher(asio::io_context& context)
    : asio::execution_context::service(context), executor_(context.get_executor()) {}

Flusher& Flusher::of(const Executor& executor) {
    return asio::use_service<Flusher>(asio::query(executor, asio::execution::context));
}

void Flusher::add(std::shared_ptr<WebSocket> socket) {
    waiting_.push_back(std::move(socket));
    if (waiting_.size() == 1) post();
}

void Flusher::post() {
    asio::post(executor_, [this] { end_turn(); });
}

void Flusher::end_turn() {
    const bool more = frames_ != std::exchange(frames_before_, frames_);
    if (more && waiting_.size() >= kMany && ++turns_ < kMostTurns) return post();
    turns_ = 0;
    leaving_.swap(waiting_);
    // They lie anywhere in memory, and the kernel's work for each has displaced the next.
    constexpr std::size_t kAhead = 4;
    for (std::size_t i = 0; i < leaving_.size(); ++i) {
        if (i + kAhead < leaving_.size()) leaving_[i + kAhead]->prefetch();
        if (i + kAhead / 2 < leaving_.size()) leaving_[i + kAhead / 2]->outbox_.prefetch();
        leaving_[i]->flush_turn();
    }
    leaving_.clear();
    if (leaving_.capacity() > kMostRoomKept) leaving_.shrink_to_fit();
}

}  // namespace seance::websocket
