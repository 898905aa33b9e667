#pragma once
#include <boost/json.hpp>
#include <fstream>
#include <memory>
#include <sstream>

#include "tests/support/child.hpp"
#include "tests/support/http_call.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::testing_support {

// One of tests/emulators on a port of its own: Emulator("spaces", {"--region", "sfo3"}).
class Emulator {
  public:
    static bool has_node() { return std::system("node --version >/dev/null 2>&1") == 0; }

    // Throws with what it said if it does not start within 20 seconds.
    Emulator(const std::string& name, std::vector<std::string> options) {
        const char* source = std::getenv("SEANCE_SOURCE");
        std::vector<std::string> arguments{
            "node", std::string(source ? source : ".") + "/tests/emulators/" + name + ".mjs", "--port", "0"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        auto output = folder_.path() / "output";
        child_ = std::make_unique<Child>(arguments, output.string());
        auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (true) {
            bool running = child_->running();
            std::stringstream text;
            text << std::ifstream(output).rdbuf();
            auto said = text.str();
            if (said.starts_with("{") && said.ends_with("\n")) {
                told_ = boost::json::parse(said);
                break;
            }
            if (!running || std::chrono::steady_clock::now() > end)
                throw std::runtime_error("the emulator " + name + " did not start: " + said);
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        auto address = text("control");
        auto at = address.find(':', address.find("//"));
        port_ = static_cast<std::uint16_t>(std::stoi(address.substr(at + 1)));
    }

    std::uint16_t port() const { return port_; }
    // What it printed when it was ready: "url", "control", …
    std::string text(const char* member) const { return told_.at(member).as_string().c_str(); }

    void configure(const std::string& json) const {
        auto answer = call(port_, "POST", "/__control", {{"Content-Type", "application/json"}}, json);
        if (answer.status != 200)
            throw std::runtime_error("the emulator refused " + json + ": " + answer.body);
    }
    boost::json::value calls() const { return call(port_, "GET", "/__control/calls").json(); }
    boost::json::value state() const { return call(port_, "GET", "/__control/state").json(); }

  private:
    TemporaryFolder folder_;
    std::unique_ptr<Child> child_;
    boost::json::value told_;
    std::uint16_t port_ = 0;
};

}  // namespace seance::testing_support
