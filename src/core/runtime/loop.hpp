#pragma once
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <span>
#include <vector>

#include "core/runtime/awaitable.hpp"
#include "core/runtime/deadline.hpp"

namespace seance {

// 16 KiB pieces of memory that a loop lends and takes back; freed beyond `kMostKept`.
class BufferPool {
  public:
    static constexpr std::size_t kSize = 16 * 1024;
    using Buffer = std::unique_ptr<char[]>;

    Buffer take();
    void give_back(Buffer buffer);

  private:
    static constexpr std::size_t kMostKept = 64;
    std::vector<Buffer> kept_;
};

// One thread's event loop and what connections on it share. Everything made for a loop is used on it alone.
class Loop {
  public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    Executor executor() { return io_.get_executor(); }
    asio::io_context& context() { return io_; }
    Deadlines& deadlines() { return deadlines_; }
    BufferPool& buffers() { return buffers_; }

    // Room to read into and look at before anything else runs on the loop: with a plain recv(), or for bytes
    // that are thrown away. Not for asynchronous reads, whose handler may run after another one's.
    std::span<char> scratch() { return {scratch_.get(), BufferPool::kSize}; }

    void run();   // until stop()
    void stop();  // from any thread

  private:
    Awaitable<void> sweep();

    // The context goes first when a loop ends, and takes the coroutines that still use the rest with it.
    Deadlines deadlines_;
    BufferPool buffers_;
    BufferPool::Buffer scratch_{new char[BufferPool::kSize]};
    asio::io_context io_{1};
    asio::executor_work_guard<Executor> work_{io_.get_executor()};
};

}  // namespace seance
