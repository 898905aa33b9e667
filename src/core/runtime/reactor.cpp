#include "core/runtime/reactor.hpp"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <span>
#include <system_error>

namespace seance {
namespace {

constexpr std::size_t kEventsPerTurn = 128;
constexpr Duration kLeastForLine = std::chrono::microseconds(50);
// What those that give way wait for others before they get as much time as these.
constexpr Duration kMostOwed = std::chrono::milliseconds(2);
// Of the loop, before the line's: a new request comes through by some handlers, each posted by the one
// before.
constexpr int kMostRounds = 8;
constexpr std::size_t kMostFirst = 16;  // a turn; of more, those that came first
constexpr std::uint32_t kAlways = EPOLLIN | EPOLLRDHUP | EPOLLET;

epoll_event event_of(const Watched& watched, std::uint32_t kinds) {
    epoll_event event{};
    event.events = kinds;
    event.data.u64 = std::uint64_t{watched.generation} << 32 | watched.index;
    return event;
}

int make_set() {
    const int set = ::epoll_create1(EPOLL_CLOEXEC);
    if (set < 0) throw std::system_error(errno, std::generic_category(), "cannot make an epoll set");
    return set;
}

}  // namespace

asio::execution_context::id Reactor::id;

Reactor::Reactor(asio::io_context& context)
    : asio::execution_context::service(context),
      executor_(context.get_executor()),
      epoll_(make_set()),
      ready_(executor_, epoll_) {}

Reactor::~Reactor() = default;

Reactor& Reactor::of(const Executor& executor) {
    return asio::use_service<Reactor>(asio::query(executor, asio::execution::context));
}

Watched* Reactor::enter(int fd) {
    if (free_.empty()) {
        const auto index = static_cast<std::uint32_t>(all_.size());
        all_.emplace_back().index = index;
        free_.push_back(index);
    }
    auto& watched = all_[free_.back()];
    auto event = event_of(watched, kAlways);
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) return nullptr;
    free_.pop_back();
    watched.fd = fd;
    stirred_ = true;
    return &watched;
}

void Reactor::let_go_first(Watched& watched) {
    if (!std::exchange(watched.goes_first, true)) first_.push_back(watched.index);
}

void Reactor::leave(Watched& watched, bool closing) {
    cancel(watched);
    if (watched.goes_first) std::erase(first_, watched.index);
    if (!closing) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, watched.fd, nullptr);
    const auto index = watched.index, generation = watched.generation + 1;
    watched = {};
    watched.index = index;
    watched.generation = generation;
    free_.push_back(index);
}

void Reactor::start(Watched& watched, Direction direction, Operation& operation) {
    if (watched.waiting[direction])
        return operation.finish(Operation::End::Later, asio::error::already_started);
    const bool may = direction == kReading ? watched.may_read() : watched.writable;
    if (may && !watched.gives_way && operation.attempt()) {
        stirred_ = true;
        return operation.finish(Operation::End::Later, {});
    }
    watched.waiting[direction] = &operation;
    ++waiting_;
    if (direction == kWriting && !watched.asked_of_writing) {
        watched.asked_of_writing = true;
        auto event = event_of(watched, kAlways | EPOLLOUT);
        ::epoll_ctl(epoll_, EPOLL_CTL_MOD, watched.fd, &event);
    }
    if (may && watched.gives_way) stand_in_line(watched);
    arm();
}

void Reactor::cancel(Watched& watched) {
    abort(watched, kReading, Operation::End::Later);
    abort(watched, kWriting, Operation::End::Later);
}

void Reactor::cancel(std::uint32_t index, std::uint32_t generation, Direction direction,
                     const Operation& operation) {
    auto& watched = all_[index];
    if (watched.generation == generation && watched.waiting[direction] == &operation)
        abort(watched, direction, Operation::End::Later);
}

void Reactor::abort(Watched& watched, Direction direction, Operation::End end) {
    auto* operation = watched.waiting[direction];
    forget(watched, direction);
    if (operation) operation->finish(end, asio::error::operation_aborted);
}

void Reactor::forget(Watched& watched, Direction direction) {
    if (!std::exchange(watched.waiting[direction], nullptr)) return;
    // Nobody waits any more: the loop may end.
    if (--waiting_ > 0 || !armed_) return;
    error_code ignored;
    ready_.cancel(ignored);
}

// As long as somebody waits, so that the context runs as long as with Asio's own sockets.
void Reactor::arm() {
    if (waiting_ == 0) return;
    // With a line the next turn is due at once, after whatever else the loop has to do.
    if (!line_.empty() && !std::exchange(turn_is_due_, true))
        asio::post(executor_, [this] {
            turn_is_due_ = false;
            dispatch();
            arm();
        });
    if (armed_ || turn_is_due_) return;
    armed_ = true;
    ready_.async_wait(asio::posix::descriptor_base::wait_read, [this](error_code error) {
        armed_ = false;
        if (!error) dispatch();
        arm();
    });
}

void Reactor::dispatch() {
    if (rounds_ == 0) turn_begun_ = Clock::now();
    if (take_events()) stirred_ = true;
    if (!line_.empty() && std::exchange(stirred_, false) && ++rounds_ < kMostRounds) return;
    rounds_ = 0;
    if (!line_.empty()) serve_line();
}

// Whether there were others than those that give way.
bool Reactor::take_events() {
    std::array<epoll_event, kEventsPerTurn> events;
    std::size_t count, served = 0;
    do {
        const int ready = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 0);
        count = static_cast<std::size_t>(std::max(0, ready));
        if (count == kEventsPerTurn) served += serve_first();
        for (const auto& event : std::span(events).first(count))
            if (note(static_cast<std::uint32_t>(event.data.u64),
                     static_cast<std::uint32_t>(event.data.u64 >> 32), event.events))
                ++served;
        // Whoever is behind a crowd that gives way is not to wait for it.
    } while (count == kEventsPerTurn && served < kEventsPerTurn);
    return served > 0;
}

std::size_t Reactor::serve_first() {
    if (first_.empty()) return 0;
    std::array<pollfd, kMostFirst> asked;
    std::array<std::pair<std::uint32_t, std::uint32_t>, kMostFirst> whose;
    const auto count = std::min(first_.size(), kMostFirst);
    for (std::size_t i = 0; i < count; ++i) {
        const auto& watched = all_[first_[i]];
        const auto kinds = POLLIN | POLLRDHUP | (watched.waiting[kWriting] ? POLLOUT : 0);
        asked[i] = {watched.fd, static_cast<short>(kinds), 0};
        whose[i] = {watched.index, watched.generation};
    }
    const int ready = ::poll(asked.data(), count, 0);
    if (ready <= 0) return 0;
    // Its bits are those of epoll.
    for (std::size_t i = 0; i < count; ++i)
        if (asked[i].revents != 0)
            note(whose[i].first, whose[i].second, static_cast<std::uint16_t>(asked[i].revents));
    return static_cast<std::size_t>(ready);
}

// False: it stands in line.
bool Reactor::note(std::uint32_t index, std::uint32_t generation, std::uint32_t kinds) {
    auto& watched = all_[index];
    // An operation's handler may close this descriptor, or any other of these events'.
    if (watched.generation != generation) return true;
    if (kinds & EPOLLIN) watched.readable = true;
    if (kinds & (EPOLLOUT | EPOLLHUP | EPOLLERR)) watched.writable = true;
    if (kinds & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) watched.ended = true;
    if (!watched.gives_way) {
        attempt(watched);
        return true;
    }
    stand_in_line(watched);
    return false;
}

void Reactor::stand_in_line(Watched& watched) {
    if (!std::exchange(watched.in_line, true)) line_.push_back({watched.index, watched.generation});
}

// Others that come meanwhile end it, until they owe the line too much.
void Reactor::serve_line() {
    const auto begun = Clock::now();
    const Duration others = begun - turn_begun_;
    owed_ = std::min(owed_ + others, kMostOwed);
    const bool others_first = owed_ < kMostOwed;
    const auto end = begun + (others_first ? kLeastForLine : std::max(others, kLeastForLine));
    bool came = false;
    auto now = begun;
    do {
        const auto next = line_.front();
        line_.pop_front();
        auto& watched = all_[next.index];
        if (watched.generation != next.generation) continue;
        watched.in_line = false;
        attempt(watched);
        now = Clock::now();
        came = others_first && take_events();
    } while (!came && !line_.empty() && now < end);
    owed_ = std::max(owed_ - (now - begun), Duration::zero());
    if (came) owed_ += Clock::now() - now;
    stirred_ = came;  // what those of the line have set off is no reason to wait
}

void Reactor::attempt(Watched& watched) {
    const auto generation = watched.generation;
    if (watched.may_read()) attempt(watched, kReading);
    if (watched.generation == generation && watched.writable) attempt(watched, kWriting);
}

void Reactor::attempt(Watched& watched, Direction direction) {
    auto* operation = watched.waiting[direction];
    if (!operation || !operation->attempt()) return;
    watched.waiting[direction] = nullptr;
    --waiting_;
    operation->finish(Operation::End::Now, {});
}

void Reactor::shutdown() {
    // What is dropped may hold sockets, which leave.
    for (std::size_t i = 0; i < all_.size(); ++i)
        for (auto direction : {kReading, kWriting}) abort(all_[i], direction, Operation::End::Dropped);
}

}  // namespace seance
