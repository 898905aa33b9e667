#pragma once
#include <fstream>
#include <sstream>

#include "tests/support/child.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::testing_support {

// A real, strict S3 server with the bucket "seance-test": Debian's Swift (tests/support/swift/start). Access
// key "test:tester", secret "testing", region us-east-1. Some seconds to start: one for all tests of a
// program.
class SwiftServer {
  public:
    SwiftServer() {
        auto output = folder_.path() / "start.out";
        const char* source = std::getenv("SEANCE_SOURCE");
        std::vector<std::string> arguments{std::string(source ? source : ".") + "/tests/support/swift/start",
                                           folder_.path().string()};
        child_ = std::make_unique<Child>(arguments, output.string());
        auto end = std::chrono::steady_clock::now() + std::chrono::seconds(90);
        while (port_ == 0 && reason_.empty()) {
            bool running = child_->running();
            std::stringstream text;
            text << std::ifstream(output).rdbuf();
            auto said = text.str();
            if (said.starts_with("ready ") && said.ends_with("\n"))
                port_ = static_cast<std::uint16_t>(std::stoi(said.substr(6)));
            else if (!running || std::chrono::steady_clock::now() > end)
                reason_ = said.empty() ? "Swift did not start" : said;
            else
                std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        is_not_installed_ = port_ == 0 && child_->wait() == 3;
    }

    std::uint16_t port() const { return port_; }  // 0 if it did not start
    const std::string& reason() const { return reason_; }
    bool is_not_installed() const { return is_not_installed_; }

  private:
    TemporaryFolder folder_;
    std::unique_ptr<Child> child_;
    std::uint16_t port_ = 0;
    std::string reason_;
    bool is_not_installed_ = false;
};

}  // namespace seance::testing_support
