#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace seance::websocket {

// Memory that a thread is done with, for its next use of the same kind, which `Kind` names: `kMostKept`
// pieces, and of those that grow only such with a capacity of `kLargest` at most. A busy server makes and
// frees thousands of frames in a turn of its loop, more than malloc keeps at hand.
template <class Kind, class Piece, std::size_t kMostKept, std::size_t kLargest = 0>
class Recycled {
  public:
    // Empty if there is none, or the next one is too large to hold so little.
    static Piece take(std::size_t largest = SIZE_MAX) {
        auto& kept = of_thread().kept;
        if (kept.empty()) return {};
        if constexpr (kLargest > 0)
            if (kept.back().capacity() > largest) return {};
        auto taken = std::move(kept.back());
        kept.pop_back();
        return taken;
    }

    static void give_back(Piece&& done) {
        if (has_ended) return;
        auto& kept = of_thread().kept;
        if (kept.size() == kMostKept) return;
        if constexpr (kLargest > 0) {
            if (done.capacity() > kLargest) return;
            done.clear();
        }
        kept.push_back(std::move(done));
    }

  private:
    struct OfThread {
        ~OfThread() { has_ended = true; }
        std::vector<Piece> kept;
    };
    static OfThread& of_thread() {
        thread_local OfThread data;
        return data;
    }

    // What is still used at a thread's end is given back after its data is gone.
    static inline thread_local bool has_ended = false;
};

}  // namespace seance::websocket
