#include "platform/process/supervisor.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <fstream>

#include "core/runtime/wait.hpp"
#include "platform/process/ports.hpp"

namespace seance::process {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

ServiceSpec shell(std::string name, std::string script) {
    ServiceSpec spec;
    spec.name = std::move(name);
    spec.launch = {"/bin/sh", {"-c", std::move(script)}, {{"PATH", "/usr/bin:/bin"}}, ""};
    return spec;
}

// A supervisor with its loop. What happens is kept as text: "a:healthy", "a>line of its output".
class SupervisorTest : public testing::Test {
  protected:
    void supervise(std::vector<ServiceSpec> specs) {
        SupervisorOptions options;
        options.on_line = [this](std::string_view service, std::string_view line) {
            note(std::string(service) + ">" + std::string(line));
        };
        options.on_change = [this](const ServiceStatus& status) {
            note(status.name + ":" + std::string(name_of(status.state)));
        };
        options.starting_probe_interval = 5ms;
        supervisor_.emplace(io_.get_executor(), std::move(specs), options);
        supervisor_->start();
    }

    void note(std::string event) {
        events_.push_back(std::move(event));
        changes_.notify();
    }

    long count(const std::string& event) const { return std::count(events_.begin(), events_.end(), event); }

    // Runs the loop until `event` has happened `times`; fails after ten seconds.
    void run_until(const std::string& event, long times = 1) {
        const auto end = Clock::now() + 10s;
        while (count(event) < times && Clock::now() < end) {
            io_.restart();
            io_.run_one_for(100ms);
        }
        ASSERT_GE(count(event), times) << event << " has not happened: " << testing::PrintToString(events_);
    }

    template <class T>
    T run(Awaitable<T> work) {
        auto done = asio::co_spawn(io_, std::move(work), asio::use_future);
        while (done.wait_for(0s) != std::future_status::ready) {
            io_.restart();
            io_.run_one_for(100ms);
        }
        return done.get();
    }

    const ServiceStatus status(std::size_t i = 0) const { return supervisor_->status().at(i); }

    void TearDown() override {
        if (supervisor_) run(supervisor_->stop());
    }

    asio::io_context io_{1};
    std::vector<std::string> events_;
    Changes changes_{io_.get_executor()};
    std::optional<Supervisor> supervisor_;
};

// Answers every connection with one line, as the service under supervision would.
class FakeHealth {
  public:
    explicit FakeHealth(asio::io_context& io)
        : acceptor_(io.get_executor(), {asio::ip::address_v4::loopback(), 0}) {
        asio::co_spawn(io, serve(), asio::detached);
    }
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    std::function<void()> on_question = [] {};
    std::string answer = "HTTP/1.1 503 Service Unavailable\r\n\r\n";

  private:
    using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
    Awaitable<void> serve() {
        for (;;) {
            auto [error, socket] = co_await acceptor_.async_accept(kAwait);
            if (error) co_return;
            char question[1024];
            co_await socket.async_read_some(asio::buffer(question), kAwait);
            on_question();
            co_await asio::async_write(socket, asio::buffer(answer), kAwait);
        }
    }
    Acceptor acceptor_;
};

TEST_F(SupervisorTest, PassesOnOutputLineByLineFromBothStreams) {
    auto once = shell("a", "echo one; echo two >&2; printf three");
    once.restart = stack::Restart::Never;
    supervise({once});

    run_until("a:stopped");

    EXPECT_THAT(events_, testing::IsSupersetOf({"a>one", "a>two", "a>three"}));
}

TEST_F(SupervisorTest, GivesAServiceOnlyTheEnvironmentOfItsManifest) {
    ::setenv("SEANCE_TEST_LEAK", "leaked", 1);
    supervise({shell("a", "echo leak=$SEANCE_TEST_LEAK; exec sleep 60")});

    run_until("a>leak=");
}

TEST_F(SupervisorTest, StartsAServiceWhenWhatItNeedsIsHealthy) {
    FakeHealth health{io_};
    auto base = shell("base", "exec sleep 60"), top = shell("top", "exec sleep 60");
    base.port = health.port();
    base.health = {stack::HealthCheck::Http, "/health"};
    top.needs = {"base"};
    supervise({top, base});
    run_until("base:starting");
    io_.run_for(50ms);  // to show that something does not happen
    EXPECT_EQ(count("top:starting"), 0);

    health.answer = "HTTP/1.1 200 OK\r\n\r\n";

    EXPECT_TRUE(run(supervisor_->wait_ready()));
    EXPECT_THAT(events_, ElementsAre("base:starting", "base:healthy", "top:starting", "top:healthy"));
}

TEST_F(SupervisorTest, AsksARedisByPing) {
    FakeHealth health{io_};
    health.answer = "+PONG\r\n";
    auto valkey = shell("valkey", "exec sleep 60");
    valkey.port = health.port();
    valkey.health = {stack::HealthCheck::RedisPing, ""};
    supervise({valkey});

    EXPECT_TRUE(run(supervisor_->wait_ready()));
}

TEST_F(SupervisorTest, BringsAKilledServiceBackWithinTwoSeconds) {
    supervise({shell("a", "exec sleep 60")});
    run_until("a:healthy");
    const auto first = status().pid;
    const auto killed = Clock::now();

    ::kill(first, SIGKILL);
    run_until("a:healthy", 2);

    EXPECT_LT(Clock::now() - killed, 2s);
    EXPECT_NE(status().pid, first);
    EXPECT_EQ(status().restarts, 1U);
    EXPECT_EQ(status().last_exit, "killed by SIGKILL (9)");
}

TEST_F(SupervisorTest, WaitsLongerBeforeEachRestartOfAServiceThatKeepsDying) {
    const auto begun = Clock::now();
    supervise({shell("a", "exit 3")});

    run_until("a:starting", 4);  // at once, after 0.5 s, after 1 s

    EXPECT_GE(Clock::now() - begun, 1500ms);
    EXPECT_EQ(status().last_exit, "exit code 3");
}

TEST_F(SupervisorTest, StopsInReverseOrderOfNeeds) {
    const std::string script = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done";
    auto base = shell("base", script), top = shell("top", script);
    top.needs = {"base"};
    supervise({base, top});
    run_until("base>up");
    run_until("top>up");
    events_.clear();

    run(supervisor_->stop());

    EXPECT_THAT(events_, ElementsAre("top:stopping", "top>bye", "top:stopped", "base:stopping", "base>bye",
                                     "base:stopped"));
}

TEST_F(SupervisorTest, KillsAServiceThatDoesNotStopInItsTime) {
    auto stubborn = shell("a", "trap '' TERM; echo up; while :; do sleep 0.01; done");
    stubborn.stop_timeout = 100ms;
    supervise({stubborn});
    run_until("a>up");
    const auto pid = status().pid;

    run(supervisor_->stop());

    EXPECT_EQ(status().last_exit, "killed by SIGKILL (9)");
    EXPECT_EQ(::kill(pid, 0), -1);
}

TEST_F(SupervisorTest, StopsAServiceThatWaitsForItsNextStart) {
    supervise({shell("a", "exit 1")});
    run_until("a:restarting", 2);

    run(supervisor_->stop());

    EXPECT_EQ(status().state, State::Stopped);
}

TEST_F(SupervisorTest, SaysWhyAProgramCannotBeStarted) {
    auto missing = shell("a", "");
    missing.launch.program = "/nowhere/program";
    supervise({missing});

    EXPECT_FALSE(run(supervisor_->wait_ready()));
    EXPECT_EQ(status().state, State::Failed);
    EXPECT_EQ(status().detail, "cannot start /nowhere/program: No such file or directory");
}

TEST_F(SupervisorTest, RunsTheOthersWhenOneCannotBeStarted) {
    auto unbuilt = shell("a", "");
    unbuilt.problem = "no program a";
    supervise({unbuilt, shell("b", "exec sleep 60")});

    run_until("b:healthy");

    EXPECT_EQ(status(0).state, State::Failed);
    EXPECT_EQ(status(0).detail, "no program a");
}

TEST_F(SupervisorTest, LeavesAServiceDownThatMayEnd) {
    auto once = shell("a", "exit 0");
    once.restart = stack::Restart::OnFailure;
    supervise({once});

    run_until("a:stopped");

    EXPECT_EQ(status().restarts, 0U);
}

TEST_F(SupervisorTest, KillsWhatAServiceLeavesBehindInItsGroup) {
    auto once = shell("a", "sleep 60 & echo $!; exit 0");
    once.restart = stack::Restart::Never;
    supervise({once});

    run_until("a:stopped");

    pid_t left = 0;
    for (const auto& event : events_)
        if (event.starts_with("a>")) left = std::stoi(event.substr(2));
    // The kernel takes a moment between the signal and the end.
    std::string state;
    for (const auto end = Clock::now() + 5s; state != "gone" && state != "Z" && Clock::now() < end;) {
        std::ifstream stat("/proc/" + std::to_string(left) + "/stat");
        std::string id, name;
        if (!(stat >> id >> name >> state)) state = "gone";
    }
    EXPECT_THAT(state, testing::AnyOf("gone", "Z"));
}

TEST(SupervisorDeath, LeavesNoOrphanWhenTheSupervisorIsKilled) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // so that the orphan, if there is one, is ours to see
    int told[2];
    ASSERT_EQ(::pipe(told), 0);
    const pid_t supervising = ::fork();
    if (supervising == 0) {
        asio::io_context io{1};
        SupervisorOptions options;
        options.on_line = [&](std::string_view, std::string_view line) {
            [[maybe_unused]] auto n = ::write(told[1], line.data(), line.size());
        };
        Supervisor supervisor{io.get_executor(), {shell("a", "echo $$; exec sleep 60")}, options};
        supervisor.start();
        io.run();
        ::_exit(0);
    }
    char text[32] = {};
    ASSERT_GT(::read(told[0], text, sizeof text - 1), 0);
    const pid_t service = std::atoi(text);
    ASSERT_EQ(::kill(service, 0), 0);

    ::kill(supervising, SIGKILL);
    ::waitpid(supervising, nullptr, 0);

    // Ours now: this returns only when it has died.
    int status = 0;
    EXPECT_EQ(::waitpid(service, &status, 0), service);
    EXPECT_EQ(ExitStatus::from_wait(status).signal, SIGKILL);
}

TEST_F(SupervisorTest, StartsOneServiceAnewAndLeavesTheOthersAlone) {
    supervise({shell("a", "exec sleep 60"),
               shell("b", "trap 'echo drained; exit 0' TERM; echo on; while :; do sleep 0.01; done")});
    run_until("a:healthy");
    run_until("b>on");
    const auto a = status(0).pid, b = status(1).pid;

    EXPECT_TRUE(supervisor_->restart("b"));
    run_until("b>on", 2);
    run_until("b:healthy", 2);

    EXPECT_EQ(count("b>drained"), 1);
    EXPECT_EQ(status(0).pid, a);
    EXPECT_NE(status(1).pid, b);
    EXPECT_EQ(status(1).restarts, 0U) << "it was wanted";
    EXPECT_FALSE(supervisor_->restart("c"));
}

TEST_F(SupervisorTest, KillsAServiceThatDoesNotEndToBeStartedAnew) {
    auto deaf = shell("a", "trap '' TERM; echo on; exec sleep 60");
    deaf.stop_timeout = 20ms;
    supervise({deaf});
    run_until("a>on");

    EXPECT_TRUE(supervisor_->restart("a"));
    run_until("a>on", 2);
    run_until("a:healthy", 2);

    EXPECT_EQ(status().last_exit, "killed by SIGKILL (9)");
}

TEST_F(SupervisorTest, StartsAgainWhatHadFailedForGood) {
    auto once = shell("a", "echo ran; exit 3");
    once.restart = stack::Restart::Never;
    supervise({once});
    run_until("a:failed");

    EXPECT_TRUE(supervisor_->restart("a"));

    run_until("a>ran", 2);
    run_until("a:failed", 2);
}

TEST_F(SupervisorTest, StopsForGoodWhatIsJustBeingStartedAnew) {
    supervise({shell("a", "exec sleep 60")});
    run_until("a:healthy");

    supervisor_->restart("a");
    run(supervisor_->stop());

    EXPECT_EQ(status().state, State::Stopped);
    EXPECT_EQ(count("a:starting"), 1);
}

TEST_F(SupervisorTest, TellsMetricsOnlyWhereSomebodyListens) {
    asio::ip::tcp::acceptor metrics{io_, {asio::ip::address_v4::loopback(), 0}};
    auto with = shell("with", "exec sleep 60"), without = shell("without", "exec sleep 60");
    with.admin_port = metrics.local_endpoint().port();
    without.admin_port = free_port();
    supervise({with, without});

    run_until("with:healthy");
    run_until("without:healthy");

    EXPECT_TRUE(status(0).has_metrics);
    EXPECT_FALSE(status(1).has_metrics);
}

TEST_F(SupervisorTest, KnowsTheMetricsOfAServiceThatOpenedThemWithItsOtherPort) {
    FakeHealth health(io_);
    asio::ip::tcp::acceptor metrics{io_};
    auto service = shell("a", "exec sleep 60");
    service.health = {stack::HealthCheck::Http, "/health"};
    service.port = health.port();
    service.admin_port = free_port();
    health.answer = "HTTP/1.1 200 OK\r\n\r\n";
    health.on_question = [&] {
        if (!metrics.is_open()) metrics = {io_, {asio::ip::address_v4::loopback(), service.admin_port}};
    };
    supervise({service});

    run_until("a:healthy");

    EXPECT_TRUE(status().has_metrics);
}

TEST(Ports, AFreePortIsFreeUntilSomebodyListens) {
    const auto port = free_port();
    EXPECT_TRUE(port_is_free(port));

    asio::io_context io;
    asio::ip::tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), port}};

    EXPECT_FALSE(port_is_free(port));
}

}  // namespace
}  // namespace seance::process
