#include "core/runtime/loop.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/runtime/wait.hpp"

namespace seance {

BufferPool::Buffer BufferPool::take() {
    if (kept_.empty()) return Buffer(new char[kSize]);
    auto buffer = std::move(kept_.back());
    kept_.pop_back();
    return buffer;
}

void BufferPool::give_back(Buffer buffer) {
    if (buffer && kept_.size() < kMostKept) kept_.push_back(std::move(buffer));
}

Loop::Loop() {
    asio::co_spawn(executor(), sweep(), asio::detached);
}

Loop::~Loop() = default;

void Loop::run() {
    io_.run();
}

void Loop::stop() {
    io_.stop();
}

Awaitable<void> Loop::sweep() {
    Timer timer{executor()};
    while (true) {
        timer.expires_after(Deadlines::kSweepInterval);
        auto [error] = co_await timer.async_wait(kAwait);
        if (error) co_return;
        deadlines_.sweep(Clock::now());
    }
}

}  // namespace seance
