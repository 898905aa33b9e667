#include "services/signaling/sync/doors.hpp"

#include <boost/asio/post.hpp>

#include "services/signaling/sync/hall.hpp"

namespace seance::signaling::sync {

void Doors::open(unsigned loop, Executor executor, Hall& hall) {
    std::lock_guard lock(mutex_);
    inside_[loop] = std::make_shared<Inside>(Inside{executor, &hall});
}

void Doors::close(unsigned loop) {
    std::lock_guard lock(mutex_);
    if (inside_[loop]) inside_[loop]->hall = nullptr;
    inside_[loop].reset();
}

unsigned Doors::loop_of(std::string_view room) const {
    return static_cast<unsigned>(std::hash<std::string_view>{}(room) % inside_.size());
}

void Doors::hand_over(Arrival arrival) {
    auto to = loop_of(arrival.room);
    std::lock_guard lock(mutex_);
    if (!inside_[to]) return;
    asio::post(inside_[to]->executor, [inside = inside_[to], arrival = std::move(arrival)]() mutable {
        if (inside->hall) inside->hall->admit(std::move(arrival));
    });
}

void Doors::visit(unsigned loop, Work work) {
    std::unique_lock lock(mutex_);
    auto inside = inside_[loop];
    if (inside) {
        asio::post(inside->executor, [inside, work = std::move(work)] { work(inside->hall); });
        return;
    }
    lock.unlock();
    work(nullptr);
}

}  // namespace seance::signaling::sync
