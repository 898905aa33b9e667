#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <thread>

#include "cli/commands/commands.hpp"
#include "cli/running.hpp"
#include "core/base/duration.hpp"
#include "platform/targets/local/control.hpp"

namespace seance::cli {

namespace {

// A process as a file, which is readable once it has ended, also while nobody has reaped it.
class ProcessEnd {
  public:
    explicit ProcessEnd(pid_t pid) : fd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
    ~ProcessEnd() {
        if (fd_ >= 0) ::close(fd_);
    }
    ProcessEnd(const ProcessEnd&) = delete;
    ProcessEnd& operator=(const ProcessEnd&) = delete;

    bool has_come() const {
        pollfd poller{fd_, POLLIN, 0};
        return fd_ < 0 || ::poll(&poller, 1, 0) == 1;
    }

  private:
    int fd_;  // -1: it had ended, or the kernel is too old (before 5.3) to tell
};

int down(Context& context) {
    auto manifest = context.manifest();
    if (!manifest) return context.exit_code;
    const local::StateFolder state{manifest->root};
    if (!may_read(context, state)) return context.exit_code;
    const auto pid = local::RunLock::holder(state);
    const auto say = [&](bool stopped) {
        if (context.json)
            context.result(fmt::format("{{\"schema\":\"seance.down/1\",\"stopped\":{}}}\n", stopped));
        else
            context.note(stopped ? "stopped" : "nothing runs here");
        return kDone;
    };
    if (pid == 0) return say(false);
    const ProcessEnd end_of_holder(pid);
    if (!local::ask_control(state.control(), R"({"do":"stop"})") && pid > 0) ::kill(pid, SIGTERM);

    // What a service may take to stop, one after the other, and a little more.
    Duration limit = std::chrono::seconds(10);
    for (const auto& service : manifest->stack.services) limit += service.stop_timeout;
    for (const auto end = Clock::now() + limit; Clock::now() < end;) {
        if (local::RunLock::holder(state) == 0 && end_of_holder.has_come()) return say(true);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return context.fail(kFailed, "STILL_RUNNING",
                        fmt::format("process {} has not stopped in {}", pid, print_duration(limit)),
                        fmt::format("kill -KILL {} ends it and all its services", pid));
}

}  // namespace

void add_down(CLI::App& app, Context& context) {
    app.add_subcommand("down", "Stop the stack that runs on this machine")->callback([&context] {
        context.exit_code = down(context);
    });
}

}  // namespace seance::cli
