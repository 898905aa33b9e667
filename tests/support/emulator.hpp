#pragma once
#include <fcntl.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/child.hpp"
#include "tests/support/http_call.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::testing_support {

// One of tests/emulators, running until the end of the test. It prints a line of JSON when it is ready, and
// ends with its standard input.
class Emulator {
  public:
    // Why it cannot run here; "" if it can.
    static std::string missing(const std::string& name) {
        if (!std::filesystem::exists(script(name))) return "tests/emulators/" + name + ".mjs is not here";
        if (std::system("node --version >/dev/null 2>&1") != 0) return "node is not installed";
        if (!std::filesystem::exists(folder() / "../node_modules/graphql"))
            return "the npm package graphql is not installed: npm --prefix tests ci";
        return {};
    }

    Emulator(const std::string& name, const std::vector<std::string>& options) {
        auto input = (place_.path() / "input").string(), output = (place_.path() / "output").string();
        if (mkfifo(input.c_str(), 0600) != 0) throw std::runtime_error("no pipe for the emulator");
        input_ = ::open(input.c_str(), O_RDWR | O_CLOEXEC);
        std::vector<std::string> command{
            "sh", "-c", "exec node \"$@\" < \"$0\"", input, script(name).string(), "--port", "0"};
        command.insert(command.end(), options.begin(), options.end());
        child_ = std::make_unique<Child>(command, output);
        auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        for (std::string text; !ready(text); std::this_thread::sleep_for(std::chrono::milliseconds(5))) {
            std::ifstream file(output);
            std::getline(file, text);
            if (file.eof()) text.clear();  // not a whole line yet
            if (!child_->running() || std::chrono::steady_clock::now() > end)
                throw std::runtime_error("the emulator " + name + " does not start: " + text);
        }
    }
    ~Emulator() {
        ::close(input_);
        child_->send(SIGTERM);
        child_->wait();
    }

    const boost::json::object& line() const { return line_; }
    std::string text(const char* member) const { return line_.at(member).as_string().c_str(); }
    std::uint16_t port() const {
        auto url = text("url");
        auto colon = url.find(':', 6);
        return static_cast<std::uint16_t>(std::stoi(url.substr(colon + 1)));
    }
    // Tells it what to do wrong; see tests/emulators/shared/faults.mjs.
    void control(const std::string& json) {
        auto answer = call(port(), "POST", "/__control", {{"Content-Type", "application/json"}}, json);
        if (answer.status != 200)
            throw std::runtime_error("the emulator refused " + json + ": " + answer.body);
    }
    boost::json::value view(const std::string& name) {
        return call(port(), "GET", "/__control/" + name).json();
    }

  private:
    static std::filesystem::path folder() {
        if (const char* elsewhere = std::getenv("SEANCE_EMULATORS")) return elsewhere;
        const char* source = std::getenv("SEANCE_SOURCE");
        return std::filesystem::path(source ? source : ".") / "tests/emulators";
    }
    static std::filesystem::path script(const std::string& name) { return folder() / (name + ".mjs"); }
    bool ready(const std::string& text) {
        boost::system::error_code error;
        auto value = boost::json::parse(text, error);
        if (error || !value.is_object()) return false;
        line_ = value.as_object();
        return true;
    }

    TemporaryFolder place_;
    int input_ = -1;
    std::unique_ptr<Child> child_;
    boost::json::object line_;
};

}  // namespace seance::testing_support
