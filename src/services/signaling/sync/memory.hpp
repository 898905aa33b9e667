#pragma once
#include <atomic>
#include <cstddef>

namespace seance::signaling::sync {

// What the documents of all loops take in memory, about, and may take.
class Memory {
  public:
    explicit Memory(std::size_t limit) : limit_(limit) {}

    bool has_room_for(std::size_t bytes) const { return used() + bytes <= limit_; }
    std::size_t used() const { return used_.load(std::memory_order_relaxed); }
    void take(std::size_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
    void give_back(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  private:
    const std::size_t limit_;
    std::atomic<std::size_t> used_{0};
};

}  // namespace seance::signaling::sync
