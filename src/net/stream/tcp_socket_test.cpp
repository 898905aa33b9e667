#include "net/stream/tcp_socket.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace seance::stream {
namespace {

// A socket of ours, and the other end as a plain descriptor.
struct Ends {
    explicit Ends(asio::io_context& context) : ours(context.get_executor()) {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        ours = TcpSocket(context.get_executor(), ends[0]);
        peer = ends[1];
    }
    ~Ends() { hang_up(); }
    Ends(const Ends&) = delete;
    Ends& operator=(const Ends&) = delete;

    void says(std::string_view text) const {
        EXPECT_EQ(::send(peer, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    }
    std::size_t reads() const {
        std::string room(1 << 20, ' ');
        const auto got = ::recv(peer, room.data(), room.size(), MSG_DONTWAIT);
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    void hang_up() {
        if (peer >= 0) ::close(std::exchange(peer, -1));
    }

    TcpSocket ours;
    int peer = -1;
};

// Fills the socket until it takes no more.
std::size_t fill(TcpSocket& socket) {
    std::string much(1 << 16, 'x');
    const iovec part{much.data(), much.size()};
    std::size_t sent = 0;
    for (ssize_t n; (n = socket.send_now(&part, 1)) > 0;) sent += static_cast<std::size_t>(n);
    EXPECT_EQ(errno, EAGAIN);
    return sent;
}

struct TcpSocketTest : testing::Test {
    // Starts to read up to `most` bytes; what came is in `heard`, or the error's message.
    void read(TcpSocket& socket, std::size_t most) {
        auto room = std::make_shared<std::string>(most, ' ');
        socket.async_read_some(asio::buffer(*room), [this, room](error_code error, std::size_t size) {
            heard.push_back(error ? error.message() : room->substr(0, size));
        });
    }
    void wait(TcpSocket& socket, Reactor::Direction direction) {
        socket.async_wait(direction, [this](error_code error) {
            heard.push_back(error ? error.message() : direction_over);
        });
    }
    void run() {
        context.restart();
        context.run();
    }
    // What can be done without waiting.
    void poll() {
        context.restart();
        while (context.poll() > 0) context.restart();
    }

    using Heard = std::vector<std::string>;
    const std::string direction_over = "ready";
    const std::string aborted = error_code(asio::error::operation_aborted).message();
    const std::string ended = error_code(asio::error::eof).message();
    asio::io_context context{1};
    char scratch = 0;
    Heard heard;
};

}  // namespace

TEST_F(TcpSocketTest, ReadsWhatComesLater) {
    Ends ends(context);
    read(ends.ours, 100);
    poll();
    EXPECT_EQ(heard, Heard{});

    ends.says("hello");
    run();

    EXPECT_EQ(heard, Heard{"hello"});
}

TEST_F(TcpSocketTest, ReadsTheEndThatCameTogetherWithTheLastBytes) {
    Ends ends(context);
    ends.says("bye");
    ends.hang_up();
    for (int i = 0; i < 2; ++i) {
        read(ends.ours, 100);
        run();
    }

    EXPECT_EQ(heard, (Heard{"bye", ended}));
}

TEST_F(TcpSocketTest, ReadsInPiecesWhatCameAtOnce) {
    Ends ends(context);
    ends.says("abcdefg");
    for (int i = 0; i < 3; ++i) {
        read(ends.ours, 3);
        run();
    }

    EXPECT_EQ(heard, (Heard{"abc", "def", "g"}));
}

TEST_F(TcpSocketTest, WaitsAnewAfterAReadPastIt) {
    Ends ends(context);
    ends.says("one");
    wait(ends.ours, Reactor::kReading);
    run();
    char room[16];
    EXPECT_EQ(ends.ours.receive_now(room, sizeof room), 3);
    wait(ends.ours, Reactor::kReading);
    poll();
    EXPECT_EQ(heard, Heard{"ready"});

    ends.says("two");
    run();

    EXPECT_EQ(heard, (Heard{"ready", "ready"}));
}

TEST_F(TcpSocketTest, WritesMoreThanThePeerTakesAtOnce) {
    Ends ends(context);
    const std::string much(4 << 20, 'x');
    std::size_t written = 0, taken = 0;
    asio::async_write(ends.ours, asio::buffer(much), [&](error_code error, std::size_t size) {
        EXPECT_FALSE(error);
        written = size;
    });
    while (written == 0) {
        context.restart();
        context.poll();
        taken += ends.reads();
    }
    for (std::size_t more; (more = ends.reads()) > 0;) taken += more;

    EXPECT_EQ(written, much.size());
    EXPECT_EQ(taken, much.size());
}

// A client may end its direction and read slowly: the end is no reason to try again and again.
TEST_F(TcpSocketTest, WaitsForAHalfClosedPeerToReadOn) {
    Ends ends(context);
    ::shutdown(ends.peer, SHUT_WR);
    read(ends.ours, 1);
    run();
    fill(ends.ours);
    wait(ends.ours, Reactor::kWriting);
    poll();
    EXPECT_EQ(heard, Heard{ended});

    while (ends.reads() > 0) {
    }
    run();

    EXPECT_EQ(heard, (Heard{ended, "ready"}));
}

TEST_F(TcpSocketTest, TellsAWriterThatThePeerHasGone) {
    Ends ends(context);
    fill(ends.ours);
    error_code lost;
    const std::string text = "more";
    ends.ours.async_write_some(asio::buffer(text), [&](error_code error, std::size_t) { lost = error; });
    ends.hang_up();
    run();

    EXPECT_TRUE(lost == asio::error::broken_pipe || lost == asio::error::connection_reset) << lost.message();
}

TEST_F(TcpSocketTest, EndsWhatWaitsWhenItIsCancelledOrClosed) {
    Ends ends(context);
    read(ends.ours, 1);
    fill(ends.ours);
    wait(ends.ours, Reactor::kWriting);
    ends.ours.cancel();
    EXPECT_EQ(heard, Heard{}) << "handlers run from the loop";
    run();
    EXPECT_EQ(heard, (Heard{aborted, aborted}));

    read(ends.ours, 1);
    ends.ours.close();
    run();

    EXPECT_EQ(heard, (Heard{aborted, aborted, aborted}));
    char room[1];
    while (ends.reads() > 0) {
    }
    EXPECT_EQ(::recv(ends.peer, room, sizeof room, MSG_DONTWAIT), 0) << "closed";
}

TEST_F(TcpSocketTest, EndsOneOperationByItsSlotAlone) {
    Ends ends(context);
    asio::cancellation_signal signal;
    char room[8];
    ends.ours.async_read_some(asio::buffer(room), asio::bind_cancellation_slot(
                                                      signal.slot(), [this](error_code error, std::size_t) {
                                                          heard.push_back(error.message());
                                                      }));
    fill(ends.ours);
    wait(ends.ours, Reactor::kWriting);
    signal.emit(asio::cancellation_type::terminal);
    poll();
    EXPECT_EQ(heard, Heard{aborted});

    // It is over: a later operation is none of the signal's business.
    read(ends.ours, 1);
    signal.emit(asio::cancellation_type::terminal);
    poll();
    EXPECT_EQ(heard.size(), 1u);
}

TEST_F(TcpSocketTest, HearsNothingOfASocketThatAnotherOnesHandlerHasClosed) {
    Ends first(context), second(context);
    std::unique_ptr<Ends> third;
    first.ours.async_wait(Reactor::kReading, [&](error_code) {
        second.ours.close();
        third = std::make_unique<Ends>(context);  // takes the second one's place
        read(third->ours, 8);
    });
    read(second.ours, 8);
    first.says("x");
    second.says("for the second");
    poll();
    EXPECT_EQ(heard, Heard{aborted});

    third->says("third");
    run();

    EXPECT_EQ(heard, (Heard{aborted, "third"}));
}

TEST_F(TcpSocketTest, DropsWhatWaitsWithItsContext) {
    auto held = std::make_shared<int>(1);
    {
        asio::io_context other{1};
        auto ends = std::make_shared<Ends>(other);
        char room[8];
        ends->ours.async_read_some(asio::buffer(room), [held, ends](error_code, std::size_t) { FAIL(); });
        ends.reset();
        other.poll();
        EXPECT_EQ(held.use_count(), 2);
    }
    EXPECT_EQ(held.use_count(), 1);
}

TEST_F(TcpSocketTest, GoesToAnotherLoopWithWhatHasCome) {
    Ends ends(context);
    ends.says("for the other loop");
    poll();
    asio::io_context other{1};
    TcpSocket moved(other.get_executor(), ends.ours.release());
    EXPECT_FALSE(ends.ours.is_open());
    read(moved, 100);
    other.run();

    EXPECT_EQ(heard, Heard{"for the other loop"});
}

TEST_F(TcpSocketTest, HasNoPeersAddressWhereThereIsNone) {
    Ends ends(context);
    EXPECT_TRUE(ends.ours.peer().is_unspecified()) << "a pair has none";
    ends.ours.close();
    EXPECT_TRUE(ends.ours.peer().is_unspecified());
}

TEST_F(TcpSocketTest, ReadsNothingAtOnce) {
    Ends ends(context);
    read(ends.ours, 0);
    poll();

    EXPECT_EQ(heard, Heard{""});
}

TEST_F(TcpSocketTest, RefusesASecondReadBesideTheFirst) {
    Ends ends(context);
    read(ends.ours, 8);
    read(ends.ours, 8);
    poll();
    ends.says("first");
    run();

    EXPECT_EQ(heard, (Heard{error_code(asio::error::already_started).message(), "first"}));
}

// A wait that is part of its owner.
struct Owned final : Operation {
    bool attempt() override { return true; }
    void finish(End end, error_code why) override {
        ends.push_back(end);
        errors.push_back(why);
    }
    std::vector<End> ends;
    std::vector<error_code> errors;
};

TEST_F(TcpSocketTest, TellsNothingToAWaitThatIsForgotten) {
    Owned forgotten, kept;
    Ends ends(context);
    ends.ours.start(Reactor::kReading, forgotten);
    ends.ours.forget(Reactor::kReading);
    ends.ours.start(Reactor::kReading, kept);
    ends.says("x");
    run();

    EXPECT_TRUE(forgotten.ends.empty());
    EXPECT_EQ(kept.ends, std::vector{Operation::End::Now});
}

TEST_F(TcpSocketTest, KnowsThatThePeerIsGoneOnceAllIsRead) {
    Ends ends(context);
    EXPECT_FALSE(ends.ours.peer_is_gone());
    ends.says("last");
    ends.hang_up();
    wait(ends.ours, Reactor::kReading);
    run();
    EXPECT_FALSE(ends.ours.peer_is_gone());

    char room[8];
    ends.ours.receive_now(room, sizeof room);

    EXPECT_TRUE(ends.ours.peer_is_gone());
}

TEST_F(TcpSocketTest, SaysThatItIsNotOpen) {
    TcpSocket none(context.get_executor());
    read(none, 1);
    run();

    EXPECT_EQ(heard, Heard{error_code(asio::error::bad_descriptor).message()});
    EXPECT_EQ(none.receive_now(heard.data(), 1), -1);
    EXPECT_EQ(errno, EBADF);
}

TEST_F(TcpSocketTest, ClosesWhatTheKernelCannotWatch) {
    const int file = ::memfd_create("no socket", 0);  // epoll takes no files
    TcpSocket refused(context.get_executor(), file);

    EXPECT_FALSE(refused.is_open());
    EXPECT_EQ(::close(file), -1);
}

// --- going first ------------------------------------------------------------------------------------------

TEST_F(TcpSocketTest, ServesWhoGoesFirstInEachTurnHoweverManyAreReady) {
    constexpr std::size_t kCrowd = 600;  // of some turns
    std::deque<Ends> crowd;
    for (std::size_t i = 0; i < kCrowd; ++i) read(crowd.emplace_back(context).ours, 8);
    Ends first(context);
    first.ours.go_first();
    first.ours.async_wait(Reactor::kReading, [&](error_code) {
        heard.emplace_back("first");
        first.ours.receive_now(&scratch, 1);
        read(first.ours, 8);
        first.says("second");
    });
    poll();
    for (auto& one : crowd) one.says("other");
    first.says("x");
    run();

    ASSERT_EQ(heard.size(), kCrowd + 2);
    EXPECT_EQ(heard[0], "first");
    EXPECT_LT(std::find(heard.begin(), heard.end(), "second") - heard.begin(), 300);
}

TEST_F(TcpSocketTest, WritesFirstToWhoGoesFirst) {
    constexpr std::size_t kCrowd = 600;
    std::deque<Ends> crowd;
    for (std::size_t i = 0; i < kCrowd; ++i) read(crowd.emplace_back(context).ours, 8);
    Ends first(context);
    first.ours.go_first();
    fill(first.ours);
    wait(first.ours, Reactor::kWriting);
    poll();
    for (auto& one : crowd) one.says("other");
    while (first.reads() > 0) {
    }
    run();

    ASSERT_EQ(heard.size(), kCrowd + 1);
    EXPECT_EQ(heard.front(), direction_over);
}

TEST_F(TcpSocketTest, LooksForNobodyWhoHasGoneFirstAndLeft) {
    constexpr std::size_t kCrowd = 300;
    std::deque<Ends> crowd;
    for (std::size_t i = 0; i < kCrowd; ++i) read(crowd.emplace_back(context).ours, 8);
    {
        Ends gone(context);
        gone.ours.go_first();
    }
    poll();
    for (auto& one : crowd) one.says("other");
    run();

    EXPECT_EQ(heard, Heard(kCrowd, "other"));
}

// --- giving way
// ---------------------------------------------------------------------------------------------

TEST_F(TcpSocketTest, ServesWhoGivesWayAfterOthersThatAreReady) {
    Ends patient(context), other(context);
    patient.ours.give_way(true);
    read(patient.ours, 8);
    read(other.ours, 8);
    poll();
    patient.says("patient");
    other.says("other");
    run();

    EXPECT_EQ(heard, (Heard{"other", "patient"}));
}

TEST_F(TcpSocketTest, RunsWhatOthersHavePostedBeforeItServesWhoGivesWay) {
    Ends patient(context), other(context);
    patient.ours.give_way(true);
    read(patient.ours, 8);
    // A request's way: what was read is handled after a post, and its answer's write tells its end by
    // another.
    other.ours.async_wait(Reactor::kReading, [&](error_code) {
        asio::post(context, [&] {
            other.ours.async_write_some(asio::buffer("asked", 5),
                                        [&](error_code, std::size_t) { heard.emplace_back("written"); });
        });
    });
    poll();
    patient.says("patient");
    other.says("x");
    run();

    EXPECT_EQ(heard, (Heard{"written", "patient"}));
}

TEST_F(TcpSocketTest, ServesWhoComesInTheLinesTurnBeforeTheRestOfTheLine) {
    Ends first(context), second(context), other(context);
    for (auto* one : {&first, &second}) one->ours.give_way(true);
    first.ours.async_wait(Reactor::kReading, [&](error_code) {
        heard.emplace_back("first");
        other.says("other");
    });
    read(second.ours, 8);
    read(other.ours, 8);
    poll();
    first.says("x");
    second.says("second");
    run();

    EXPECT_EQ(heard, (Heard{"first", "other", "second"}));
}

TEST_F(TcpSocketTest, ServesSomebodyBehindACrowdThatGivesWay) {
    constexpr std::size_t kCrowd = 300;  // more than the kernel tells of at once
    std::deque<Ends> crowd;
    for (std::size_t i = 0; i < kCrowd; ++i) {
        auto& one = crowd.emplace_back(context);
        one.ours.give_way(true);
        read(one.ours, 8);
    }
    Ends other(context);
    read(other.ours, 8);
    poll();
    for (auto& one : crowd) one.says("patient");
    other.says("other");
    run();

    ASSERT_EQ(heard.size(), kCrowd + 1);
    EXPECT_EQ(heard.front(), "other");
}

TEST_F(TcpSocketTest, ServesWhoGivesWayThoughOthersAreAlwaysReady) {
    Ends patient(context), busy(context);
    patient.ours.give_way(true);
    read(patient.ours, 8);
    poll();
    patient.says("patient");
    int rounds = 0;
    std::function<void()> again = [&] {
        busy.says("x");
        busy.ours.async_read_some(asio::buffer(&scratch, 1), [&](error_code, std::size_t) {
            if (++rounds < 1000 && heard.empty()) again();
        });
    };
    again();
    run();

    EXPECT_EQ(heard, Heard{"patient"});
    EXPECT_LT(rounds, 10);
}

TEST_F(TcpSocketTest, TakesItsTurnAsOthersOnceItGivesWayNoMore) {
    Ends first(context), second(context);
    first.ours.give_way(true);
    first.ours.give_way(false);
    read(first.ours, 8);
    read(second.ours, 8);
    poll();
    first.says("first");
    second.says("second");
    run();

    EXPECT_EQ(heard, (Heard{"first", "second"}));
}

TEST_F(TcpSocketTest, TellsOneThatIsClosedInTheLineOnce) {
    Ends patient(context), closer(context);
    patient.ours.give_way(true);
    read(patient.ours, 8);
    closer.ours.async_wait(Reactor::kReading, [&](error_code) { patient.ours.close(); });
    poll();
    patient.says("patient");
    closer.says("x");
    run();

    EXPECT_EQ(heard, Heard{aborted});
}

}  // namespace seance::stream
