#pragma once
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <deque>
#include <vector>

#include "core/base/duration.hpp"
#include "core/runtime/awaitable.hpp"

namespace seance {

class Reactor;

// One wait for a descriptor, until it can be done or is given up. It frees itself when it is told its end, or
// is part of its owner and there as long as it waits.
class Operation {
  public:
    enum class End : std::uint8_t { Now, Later, Dropped };  // Later: from the loop; Dropped: nobody is told

    virtual bool attempt() = 0;  // true: done, well or not; false: it would block
    // `why` unless attempt() gave true. The last call but for those that are part of their owner.
    virtual void finish(End end, error_code why) = 0;

  protected:
    ~Operation() = default;
};

// A descriptor that a reactor watches. Its flags are what the kernel said and nobody used up: a call that
// would block, or that gave less than it was asked for, clears them. Calls past the reactor must do the same.
struct Watched {
    int fd = -1;
    std::uint32_t index = 0, generation = 0;
    bool readable = false, writable = true;
    bool ended = false;             // the peer has ended its direction, or there is an error: reading tells
    bool asked_of_writing = false;  // few sockets ever block on that: the kernel is asked when one does
    bool gives_way = false;         // its owner's choice: others that are ready at the same time go first
    bool in_line = false;           // and it is among those that wait for their turn
    bool goes_first = false;        // Reactor::let_go_first()
    Operation* waiting[2] = {};     // for reading, for writing

    bool may_read() const { return readable || ended; }
};

// Watches the sockets of one loop: one epoll set for all of them in which each is entered once,
// edge-triggered (epoll(7)), and seen by Asio as one descriptor. Against Asio's own sockets that saves a
// change of the set for each wait without a buffer, a read in vain before each wait with one, and a removal
// at the end. Made by use_service(); everything is called on the loop's thread.
//
// With more sockets ready than are served in a turn each has its turn once in some. Those that go first have
// it in each: one that carries as much as hundreds of others.
//
// Sockets that give way stand in line: while others are ready, and what these have posted to the loop has not
// run, they wait. After two milliseconds of that in all they get as much time as the others. A loop with more
// running streams than it can carry still answers a new request at once, and the streams get what is left, in
// fewer and larger pieces.
class Reactor final : public asio::execution_context::service {
  public:
    using key_type = Reactor;
    static asio::execution_context::id id;
    enum Direction : std::uint8_t { kReading, kWriting };

    explicit Reactor(asio::io_context& context);
    ~Reactor() override;
    static Reactor& of(const Executor& executor);

    Executor executor() const { return executor_; }

    // Watches `fd`, which is not blocking and whose writing has not been seen to block. Null if the kernel
    // has no room to watch it; it is the caller's in either case.
    Watched* enter(int fd);
    // Forgets it; what waits ends with operation_aborted. `closing`: it is closed next, so that the kernel
    // forgets it by itself.
    void leave(Watched& watched, bool closing);

    // Until it leaves. For few: each is looked at in each turn that is full.
    void let_go_first(Watched& watched);

    // Attempts `operation` if the descriptor may be ready and does not give way, else when it is. One of each
    // direction at a time: a second gives already_started.
    void start(Watched& watched, Direction direction, Operation& operation);
    void cancel(Watched& watched);
    void forget(Watched& watched, Direction direction);  // what waits is not told
    // The one `operation`, if it waits still.
    void cancel(std::uint32_t index, std::uint32_t generation, Direction direction,
                const Operation& operation);

  private:
    void shutdown() override;
    void arm();
    void dispatch();
    bool take_events();
    std::size_t serve_first();
    bool note(std::uint32_t index, std::uint32_t generation, std::uint32_t kinds);
    void stand_in_line(Watched& watched);
    void serve_line();
    void attempt(Watched& watched);
    void attempt(Watched& watched, Direction direction);
    void abort(Watched& watched, Direction direction, Operation::End end);

    Executor executor_;
    int epoll_;
    asio::posix::basic_stream_descriptor<Executor> ready_;  // the set itself
    bool armed_ = false;
    std::size_t waiting_ = 0;
    std::deque<Watched> all_;  // never shrinks: a late event of an earlier user finds another generation
    std::vector<std::uint32_t> free_, first_;  // first_: those that go first
    struct InLine {
        std::uint32_t index, generation;
    };
    std::deque<InLine> line_;
    bool turn_is_due_ = false;  // posted, since somebody stands in line
    // Since the line's last turn: others were served or came, so that what they have posted goes first; for
    // how many rounds of the loop; and since when.
    bool stirred_ = false;
    int rounds_ = 0;
    Instant turn_begun_{};
    Duration owed_{};  // what others have had of the line's time
};

}  // namespace seance
