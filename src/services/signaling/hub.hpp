#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/runtime/loop.hpp"
#include "net/websocket/shared_frame.hpp"

namespace seance::signaling {

// What one loop tells another.
struct Note {
    enum Kind { Members, Frame, Text };
    Kind kind;
    unsigned from = 0;
    std::string topic;
    std::uint32_t members = 0;     // Members: what the sender has now
    websocket::SharedFrame frame;  // Frame: for the topic's members
    std::string text;              // Text: a publish, not yet a frame
};

// The loops of one process and their mailboxes. Notes from one loop to another arrive in order.
class Hub {
  public:
    explicit Hub(unsigned loops);

    unsigned loops() const { return static_cast<unsigned>(boxes_.size()); }

    // On the loop's own thread before it runs: `take` gets its notes, on the loop.
    void attach(unsigned index, Executor executor, std::function<void(Note&)> take);
    void detach(unsigned index);

    void post(unsigned to, Note note);  // from any thread

    // Takes what has arrived, at once. A loop calls it before it acts on what a client sent, so that what
    // another loop had done before that client could know of it comes first.
    void catch_up(unsigned index) {
        if (boxes_[index]->full.load(std::memory_order_acquire)) take_all(index);
    }

  private:
    struct Box {
        std::mutex mutex;  // of `notes` and `attached`, held for a push or a swap
        std::vector<Note> notes;
        std::atomic<bool> full{false};
        bool attached = false;
        std::optional<Executor> executor;
        std::function<void(Note&)> take;
    };
    void take_all(unsigned index);

    std::vector<std::unique_ptr<Box>> boxes_;
};

}  // namespace seance::signaling
