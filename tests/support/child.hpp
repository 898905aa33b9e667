#pragma once
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace seance::testing_support {

// A port of 127.0.0.1 that was free a moment ago, for programs that cannot take port 0.
inline std::uint16_t free_port() {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::runtime_error("no free port on 127.0.0.1");
    close(fd);
    return ntohs(address.sin_port);
}

inline bool accepts_connections(std::uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    bool open = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    return open;
}

// A program that runs until this object ends, with its output in a file. It dies with the test. Its standard
// input is silent but never ends: some programs take an end of it as the order to stop.
class Child {
  public:
    using Environment = std::map<std::string, std::string>;

    Child(std::vector<std::string> arguments, const std::string& output,
          const Environment& environment = {}) {
        std::vector<char*> argv;
        for (auto& argument : arguments) argv.push_back(argument.data());
        argv.push_back(nullptr);
        std::vector<std::string> pairs;
        for (const auto& [name, value] : environment) pairs.push_back(name + "=" + value);
        if (const char* path = getenv("PATH")) pairs.push_back(std::string("PATH=") + path);
        std::vector<char*> envp;
        for (auto& pair : pairs) envp.push_back(pair.data());
        envp.push_back(nullptr);
        pid_ = fork();
        if (pid_ < 0) throw std::runtime_error("fork failed");
        if (pid_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            int fd = open(output.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
            dup2(fd, 1);
            dup2(fd, 2);
            int input[2];
            if (pipe(input) == 0) dup2(input[0], 0);
            execvpe(argv[0], argv.data(), envp.data());
            _exit(127);
        }
    }
    ~Child() { kill(); }
    Child(const Child&) = delete;

    void send(int signal) const {
        if (pid_ > 0) ::kill(pid_, signal);
    }
    void kill() {
        if (pid_ <= 0) return;
        send(SIGKILL);
        wait();
    }
    // The exit code, or minus the signal that ended it.
    int wait() {
        if (pid_ <= 0) return status_;
        int status = 0;
        waitpid(pid_, &status, 0);
        pid_ = -1;
        return status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    bool running() {
        if (pid_ <= 0) return false;
        int status = 0;
        if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
        pid_ = -1;
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
        return false;
    }
    // Throws with a sentence if the program ends or ten seconds pass before it listens.
    void await_port(std::uint16_t port, const std::string& name) {
        auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!accepts_connections(port)) {
            if (!running())
                throw std::runtime_error(name + " ended with " + std::to_string(status_) +
                                         " before it listened");
            if (std::chrono::steady_clock::now() > end)
                throw std::runtime_error(name + " does not listen after 10 s");
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }

  private:
    pid_t pid_ = -1;
    int status_ = 0;
};

}  // namespace seance::testing_support
