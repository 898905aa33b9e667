#pragma once
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>

#include "tests/support/child.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::testing_support {

inline bool have_registry() {
    return std::system("command -v docker-registry >/dev/null 2>&1") == 0;
}

// The reference registry (Debian's docker-registry) on loopback, its blobs in a temporary folder.
class RegistryProcess {
  public:
    // `auth`: the YAML of its `auth:` section, indented by two spaces; "": anybody may do anything. `http`:
    // more lines of its `http:` section.
    explicit RegistryProcess(const std::string& auth = "", const std::string& http = "")
        : port_(free_port()) {
        std::ofstream config(folder_.path() / "config.yml");
        config << "version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\nstorage:\n  "
                  "filesystem:\n"
               << "    rootdirectory: " << (folder_.path() / "data").string()
               << "\n  delete:\n    enabled: true\n"
               << "http:\n  addr: 127.0.0.1:" << port_ << "\n  secret: kept over a restart\n"
               << http;
        if (!auth.empty()) config << "auth:\n" << auth;
        config.close();
        start();
    }

    void start() {
        std::lock_guard lock(mutex_);
        std::vector<std::string> arguments{"docker-registry", "serve",
                                           (folder_.path() / "config.yml").string()};
        child_ = std::make_unique<Child>(arguments, (folder_.path() / "log").string());
        child_->await_port(port_, "docker-registry");
    }
    void kill() {  // from any thread
        std::lock_guard lock(mutex_);
        child_->kill();
    }
    std::uint16_t port() const { return port_; }
    std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

  private:
    TemporaryFolder folder_;
    std::uint16_t port_;
    std::mutex mutex_;
    std::unique_ptr<Child> child_;
};

}  // namespace seance::testing_support
