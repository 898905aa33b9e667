#pragma once
#include <sys/types.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/runtime/awaitable.hpp"
#include "platform/process/exit_status.hpp"

namespace seance::process {

enum class Errors { WithOutput, Discarded };

struct Launch {
    std::string program;  // a path
    std::vector<std::string> args;
    std::map<std::string, std::string> env;  // all of it: nothing is inherited
    std::string folder;                      // to run in; "" stays here
    std::string input = {};                  // what it reads from its standard input
    Errors errors = Errors::WithOutput;      // what becomes of its standard error
};

// The path of the first of `names` that can be run; "" if there is none. They are of the checkout that is
// `root`: next to this program if it lies in there, in build/bin; then next to this program, wherever it is,
// and on PATH. A name with a slash is a path, relative to `root`.
std::string find_program(const std::vector<std::string>& names, const std::string& root);

// The path of a program in the folders of `search_path`, written as PATH is; "" if none of them has it.
std::string find_on_path(const std::string& name, std::string_view search_path);

// A process of ours, in a process group of its own. The kernel kills it when this process dies, however that
// comes, so nothing is left behind; start it from the thread that lives longest. Its output is
// one pipe. Destroying a Child that still runs kills it.
class Child {
  public:
    static Outcome<std::unique_ptr<Child>> start(Executor executor, const Launch& launch);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    pid_t pid() const { return pid_; }

    // Until it has ended. What it has left behind in its group is killed then.
    Awaitable<ExitStatus> wait();

    // Calls `line` for each line of output without its end, until the end of the output. A line longer than
    // 64 KiB comes in pieces.
    Awaitable<void> read_lines(std::function<void(std::string_view line)> line);

    // The next piece of output as it is, instead of read_lines(): its size, 0 at the end of the output.
    Awaitable<std::size_t> read_some(std::span<char> room);

    // To the process alone, as a container's runtime does it. Does nothing once it has ended.
    void signal(int number);
    // SIGKILL to its whole group.
    void kill();

  private:
    using Descriptor = asio::posix::basic_stream_descriptor<Executor>;
    Child(Executor executor, pid_t pid, int pidfd, int output);

    pid_t pid_;
    bool ended_ = false;
    Descriptor exited_, output_;
};

}  // namespace seance::process
