#include "services/signaling/hub.hpp"

#include <boost/asio/post.hpp>
#include <utility>

namespace seance::signaling {

Hub::Hub(unsigned loops) {
    for (unsigned i = 0; i < loops; ++i) boxes_.push_back(std::make_unique<Box>());
}

void Hub::attach(unsigned index, Executor executor, std::function<void(Note&)> take) {
    auto& box = *boxes_[index];
    std::lock_guard lock(box.mutex);
    box.executor = executor;
    box.take = std::move(take);
    box.attached = true;
}

void Hub::detach(unsigned index) {
    auto& box = *boxes_[index];
    std::lock_guard lock(box.mutex);
    box.attached = false;
    box.notes.clear();
    box.full.store(false, std::memory_order_release);
}

void Hub::post(unsigned to, Note note) {
    auto& box = *boxes_[to];
    std::lock_guard lock(box.mutex);
    if (!box.attached) return;
    box.notes.push_back(std::move(note));
    if (box.full.exchange(true, std::memory_order_acq_rel)) return;
    asio::post(*box.executor, [this, to] { catch_up(to); });
}

void Hub::take_all(unsigned index) {
    auto& box = *boxes_[index];
    std::vector<Note> notes;
    {
        std::lock_guard lock(box.mutex);
        notes.swap(box.notes);
        box.full.store(false, std::memory_order_release);
    }
    for (auto& note : notes) box.take(note);
}

}  // namespace seance::signaling
