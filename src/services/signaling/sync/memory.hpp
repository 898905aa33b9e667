#pragma once
#include <atomic>
#include <cstddef>

namespace seance::signaling::sync {

// What the documents of all loops take in memory, about, and may take; and how many of them may be open.
class Memory {
  public:
    Memory(std::size_t limit, std::size_t most_documents) : limit_(limit), most_documents_(most_documents) {}

    bool has_room_for(std::size_t bytes) const { return used() + bytes <= limit_; }
    bool has_room_for_a_document() const {
        return documents_.load(std::memory_order_relaxed) < most_documents_;
    }
    std::size_t used() const { return used_.load(std::memory_order_relaxed); }
    void take(std::size_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
    void give_back(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
    void opened() { documents_.fetch_add(1, std::memory_order_relaxed); }
    void closed() { documents_.fetch_sub(1, std::memory_order_relaxed); }

  private:
    const std::size_t limit_, most_documents_;
    std::atomic<std::size_t> used_{0}, documents_{0};
};

}  // namespace seance::signaling::sync
