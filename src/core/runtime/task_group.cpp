#include "core/runtime/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <cassert>

#include "core/observe/log.hpp"

namespace seance {

TaskGroup::~TaskGroup() {
    assert(tasks_.empty() || executor_.context().stopped());
}

void TaskGroup::spawn(Awaitable<void> task) {
    auto signal = std::make_shared<asio::cancellation_signal>();
    auto at = tasks_.insert(tasks_.end(), signal);
    asio::co_spawn(
        executor_, std::move(task),
        asio::bind_cancellation_slot(signal->slot(), [this, at, signal](std::exception_ptr failure) {
            try {
                if (failure) std::rethrow_exception(failure);
            } catch (const boost::system::system_error& error) {
                if (error.code() != asio::error::operation_aborted)
                    observe::log(observe::Level::Error, "task_failed").field("reason", error.what());
            } catch (const std::exception& error) {
                observe::log(observe::Level::Error, "task_failed").field("reason", error.what());
            }
            tasks_.erase(at);
            if (tasks_.empty() && waiting_) emptied_.notify();
        }));
}

void TaskGroup::cancel() {
    for (auto at = tasks_.begin(); at != tasks_.end();) {
        const auto task = *at++;
        task->emit(asio::cancellation_type::all);
    }
}

Awaitable<void> TaskGroup::wait() {
    while (!tasks_.empty()) {
        waiting_ = true;
        co_await emptied_.wait();
        waiting_ = false;
    }
}

}  // namespace seance
