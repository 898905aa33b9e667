#pragma once
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace seance::testing_support {

// One run of build/bin/seance-signaling on a free port of loopback; killed at the end of the test.
class Program {
  public:
    using Settings = std::map<std::string, std::string>;
    enum Start { MustListen, MayFail };

    explicit Program(Settings settings = {}, Start start = MustListen) {
        settings.emplace("PORT", "0");
        settings.emplace("ADDRESS", "127.0.0.1");
        for (const char* name : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"})  // where its findings go
            if (const char* value = std::getenv(name)) settings.emplace(name, value);
        std::vector<std::string> lines;
        for (const auto& [name, value] : settings) lines.push_back(name + "=" + value);
        std::vector<char*> environment;
        for (auto& line : lines) environment.push_back(line.data());
        environment.push_back(nullptr);
        int out[2], err[2];
        if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        pid_ = ::fork();
        if (pid_ == 0) {
            ::dup2(out[1], STDOUT_FILENO);
            ::dup2(err[1], STDERR_FILENO);
            char name[] = SEANCE_SIGNALING;
            char* arguments[] = {name, nullptr};
            ::execve(name, arguments, environment.data());
            ::_exit(127);
        }
        ::close(out[1]);
        ::close(err[1]);
        out_ = out[0];
        err_ = err[0];
        if (start == MayFail) return;
        while (log_.find("\"listening\"") == std::string::npos || log_.back() != '\n')
            if (!read_more(out_, log_))
                throw std::runtime_error("seance-signaling did not start: " + errors());
        auto at = log_.find("\"port\":", log_.find("\"listening\""));
        port_ = static_cast<std::uint16_t>(std::stoi(log_.substr(at + 7)));
    }
    ~Program() {
        if (!ended_) {
            ::kill(pid_, SIGKILL);
            exit_code();
        }
        ::close(out_);
        ::close(err_);
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    std::uint16_t port() const { return port_; }
    void signal(int number) { ::kill(pid_, number); }
    void kill() {
        signal(SIGKILL);
        exit_code();
    }
    // What it has logged, up to and with `text`; without it after a while.
    const std::string& log_until(std::string_view text) {
        while (log_.find(text) == std::string::npos && read_more(out_, log_)) {
        }
        return log_;
    }

    int exit_code() {  // waits for the end; -1 if it was killed
        if (!ended_) ::waitpid(pid_, &status_, 0);
        ended_ = true;
        return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
    }
    std::string errors() {  // all of standard error, once it has ended
        std::string text;
        while (read_more(err_, text)) {
        }
        return text;
    }

  private:
    static bool read_more(int fd, std::string& text) {
        pollfd poller{fd, POLLIN, 0};
        if (::poll(&poller, 1, 10'000) <= 0) return false;
        char bytes[4096];
        auto n = ::read(fd, bytes, sizeof bytes);
        if (n <= 0) return false;
        text.append(bytes, static_cast<std::size_t>(n));
        return true;
    }

    pid_t pid_ = -1;
    int out_ = -1, err_ = -1, status_ = 0;
    std::string log_;
    std::uint16_t port_ = 0;
    bool ended_ = false;
};

}  // namespace seance::testing_support
