#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>

#include "core/runtime/loop.hpp"
#include "core/runtime/task_group.hpp"
#include "core/runtime/wait.hpp"

namespace seance {
namespace {

using namespace std::chrono_literals;

Awaitable<Result<int>> answer_after(Duration time) {
    co_await sleep_for(time);
    co_return 42;
}

Awaitable<Result<int>> fail() {
    throw std::runtime_error("broken");
    co_return 0;
}

template <class Body>
void run(Loop& loop, Body body) {
    std::exception_ptr failure;
    asio::co_spawn(loop.executor(), std::move(body), [&](std::exception_ptr e) {
        failure = e;
        loop.stop();
    });
    loop.run();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace

TEST(WithDeadline, GivesTheResultOfWorkThatEndsInTime) {
    Loop loop;
    run(loop, []() -> Awaitable<void> {
        auto result = co_await with_deadline<int>(5s, answer_after(1ms));
        EXPECT_EQ(result.value(), 42);
    });
}

TEST(WithDeadline, CancelsWorkThatIsLate) {
    Loop loop;
    run(loop, []() -> Awaitable<void> {
        auto result = co_await with_deadline<int>(1ms, answer_after(1h));
        EXPECT_EQ(result.error(), asio::error::timed_out);
    });
}

TEST(WithDeadline, PassesOnAFault) {
    Loop loop;
    EXPECT_THROW(run(loop, []() -> Awaitable<void> { co_await with_deadline<int>(1h, fail()); }),
                 std::runtime_error);
}

TEST(Deadline, FiresOnceWhenItsTimeHasPassedAndNotBefore) {
    Deadlines deadlines;
    int fired = 0;
    Deadline deadline(
        deadlines, [](void* owner) { ++*static_cast<int*>(owner); }, &fired);
    deadline.arm(10s);

    deadlines.sweep(Clock::now() + 9s);
    EXPECT_EQ(fired, 0);
    deadlines.sweep(Clock::now() + 11s);
    deadlines.sweep(Clock::now() + 12s);
    EXPECT_EQ(fired, 1);
    EXPECT_TRUE(deadline.passed());
}

TEST(TaskGroup, WaitsForItsTasksAndCancelsThem) {
    Loop loop;
    TaskGroup tasks(loop.executor());
    int ended = 0;
    auto waiter = [](int* count) -> Awaitable<void> {
        co_await sleep_for(1h);
        ++*count;
    };
    tasks.spawn(waiter(&ended));
    tasks.spawn(waiter(&ended));
    auto body = [](TaskGroup* group) -> Awaitable<void> {
        co_await sleep_for(1ms);
        group->cancel();
        co_await group->wait();
    };

    run(loop, body(&tasks));

    EXPECT_EQ(tasks.size(), 0u);
}

// As where a drain is cut short: its time is over, and what runs is not waited for.
TEST(TaskGroup, MayGoBeforeTheTasksOfALoopThatHasBeenStopped) {
    bool is_freed = false;
    {
        Loop loop;
        auto tasks = std::make_unique<TaskGroup>(loop.executor());
        auto task = [](Loop* own, std::shared_ptr<void> held) -> Awaitable<void> {
            own->stop();
            co_await sleep_for(1h);
            held.reset();
        };
        tasks->spawn(task(&loop, std::shared_ptr<void>(nullptr, [&](void*) { is_freed = true; })));
        loop.run();

        tasks.reset();
        EXPECT_FALSE(is_freed);
    }
    EXPECT_TRUE(is_freed) << "with the loop";
}

TEST(Signal, WakesItsWaiterAndKeepsAnEarlyNotification) {
    Loop loop;
    Signal signal(loop.executor());
    auto body = [](Signal* s) -> Awaitable<void> {
        s->notify();
        co_await s->wait();
        auto executor = co_await asio::this_coro::executor;
        asio::post(executor, [s] { s->notify(); });
        co_await s->wait();
    };

    run(loop, body(&signal));
}

}  // namespace seance
