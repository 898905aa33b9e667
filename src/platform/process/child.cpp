#include "platform/process/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <filesystem>

#include "core/base/text.hpp"

namespace seance::process {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestLine = 64 * 1024;

bool runs(const std::string& path) {
    std::error_code error;
    return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (auto& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

// In the child between fork and exec: async-signal-safe calls only. Returns only if it failed, with errno.
void become(char* const* argv, char* const* envp, const char* folder, int input, int output, int errors,
            pid_t parent) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);  // it died before the line above
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    // Sockets and files of this process, which not every library opens so that they close here.
    ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    // What is ignored here stays ignored across exec: a service decides for itself.
    ::signal(SIGPIPE, SIG_DFL);
    ::signal(SIGHUP, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (*folder != '\0' && ::chdir(folder) != 0) return;
    ::execve(argv[0], argv, envp);
}

// A file in memory that gives `text` and ends; -1 with errno if there can be none.
int readable(std::string_view text) {
    if (text.empty()) return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int fd = ::memfd_create("input", MFD_CLOEXEC);
    while (fd >= 0 && !text.empty()) {
        const auto n = ::write(fd, text.data(), text.size());
        if (n < 0) {
            ::close(fd);
            return -1;
        }
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    if (fd >= 0) ::lseek(fd, 0, SEEK_SET);
    return fd;
}

}  // namespace

std::string find_on_path(const std::string& name, std::string_view search_path) {
    for (auto folder : split(search_path, ':'))
        if (auto path = std::string(folder) + "/" + name; !folder.empty() && runs(path)) return path;
    return {};
}

std::string find_program(const std::vector<std::string>& names, const std::string& root) {
    std::error_code ignored;
    const auto own = fs::read_symlink("/proc/self/exe", ignored).parent_path();
    std::string folders = own.string();
    if (!root.empty()) {
        const auto checkout = fs::weakly_canonical(root, ignored);
        const auto build = (checkout / "build/bin").string();
        const bool inside = (own.string() + "/").starts_with(checkout.string() + "/");
        folders = inside ? folders + ":" + build : build + ":" + folders;
    }
    if (const char* path = ::getenv("PATH")) folders.append(":").append(path);
    for (const auto& name : names) {
        if (name.find('/') != std::string::npos) {
            auto path = (fs::path(root) / name).lexically_normal().string();
            if (runs(path)) return path;
        } else if (auto path = find_on_path(name, folders); !path.empty()) {
            return path;
        }
    }
    return {};
}

Outcome<std::unique_ptr<Child>> Child::start(Executor executor, const Launch& launch) {
    std::vector<std::string> args{launch.program}, env;
    args.insert(args.end(), launch.args.begin(), launch.args.end());
    for (const auto& [name, value] : launch.env) env.push_back(name + "=" + value);
    const auto argv = pointers(args), envp = pointers(env);

    int output[2], failure[2];
    const int input = readable(launch.input), nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (input < 0 || nowhere < 0 || ::pipe2(output, O_CLOEXEC) != 0 || ::pipe2(failure, O_CLOEXEC) != 0)
        return Problem{fmt::format("cannot start {}: {}", launch.program, ::strerror(errno))};
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) {
        become(argv.data(), envp.data(), launch.folder.c_str(), input, output[1],
               launch.errors == Errors::WithOutput ? output[1] : nowhere, parent);
        const int error = errno;
        [[maybe_unused]] auto told = ::write(failure[1], &error, sizeof error);
        ::_exit(127);
    }
    for (const int fd : {input, nowhere, output[1], failure[1]}) ::close(fd);
    int error = pid < 0 ? errno : 0;
    // Closed by exec, so this ends as soon as the program runs.
    if (pid > 0 && ::read(failure[0], &error, sizeof error) == sizeof error) ::waitpid(pid, nullptr, 0);
    ::close(failure[0]);
    const int pidfd = error == 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1;
    if (error == 0 && pidfd < 0) {
        error = errno;
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
    }
    if (error != 0) {
        ::close(output[0]);
        return Problem{fmt::format("cannot start {}: {}", launch.program, ::strerror(error))};
    }
    ::setpgid(pid, pid);
    return std::unique_ptr<Child>(new Child(executor, pid, pidfd, output[0]));
}

Child::Child(Executor executor, pid_t pid, int pidfd, int output)
    : pid_(pid), exited_(executor, pidfd), output_(executor, output) {}

Child::~Child() {
    if (ended_) return;
    kill();
    ::waitpid(pid_, nullptr, 0);
}

Awaitable<ExitStatus> Child::wait() {
    auto [error] = co_await exited_.async_wait(asio::posix::descriptor_base::wait_read, kAwait);
    if (error) throw boost::system::system_error(error);
    // It is a zombie, so its id still stands for its group: nobody else can be hit.
    ::kill(-pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    ended_ = true;
    co_return ExitStatus::from_wait(status);
}

Awaitable<void> Child::read_lines(std::function<void(std::string_view)> line) {
    std::string text(4096, '\0');
    std::size_t held = 0;
    for (;;) {
        if (held == text.size()) text.resize(text.size() * 2);
        auto [error, n] =
            co_await output_.async_read_some(asio::buffer(text.data() + held, text.size() - held), kAwait);
        if (error) break;
        held += n;
        std::string_view rest(text.data(), held);
        for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
            line(rest.substr(0, end));
            rest.remove_prefix(end + 1);
        }
        if (rest.size() >= kLongestLine) {
            line(rest);
            rest = {};
        }
        held = rest.size();
        if (held != 0) ::memmove(text.data(), rest.data(), held);
    }
    if (held != 0) line(std::string_view(text.data(), held));
}

Awaitable<std::size_t> Child::read_some(std::span<char> room) {
    auto [error, n] = co_await output_.async_read_some(asio::buffer(room.data(), room.size()), kAwait);
    co_return error ? 0 : n;
}

void Child::signal(int number) {
    if (!ended_) ::kill(pid_, number);
}

void Child::kill() {
    if (!ended_) ::kill(-pid_, SIGKILL);
}

}  // namespace seance::process
