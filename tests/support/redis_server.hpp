#pragma once
#include <fstream>
#include <memory>

#include "tests/support/child.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::testing_support {

// A real redis-server on a port of its own, without persistence.
class RedisServer {
  public:
    // `more`: further lines of its configuration.
    explicit RedisServer(const std::string& password = "", const std::string& more = "")
        : port_(free_port()) {
        std::ofstream config(folder_.path() / "redis.conf");
        config << "bind 127.0.0.1\nport " << port_ << "\nsave \"\"\nappendonly no\ndir "
               << folder_.path().string() << "\n";
        if (!password.empty()) config << "requirepass " << password << "\n";
        config << more;
        config.close();
        start();
    }

    void start() {
        std::vector<std::string> arguments{"redis-server", (folder_.path() / "redis.conf").string()};
        child_ = std::make_unique<Child>(arguments, (folder_.path() / "redis.log").string());
        child_->await_port(port_, "redis-server");
    }
    void kill() { child_->kill(); }
    void freeze() { child_->send(SIGSTOP); }
    void thaw() { child_->send(SIGCONT); }
    std::uint16_t port() const { return port_; }

  private:
    TemporaryFolder folder_;
    std::uint16_t port_;
    std::unique_ptr<Child> child_;
};

}  // namespace seance::testing_support
