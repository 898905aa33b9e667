#pragma once
#include <map>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "platform/plan/progress.hpp"

namespace seance::cli {

// What is being done, on standard error: on a terminal one line a step that is rewritten in place and scrolls
// up when it ends; elsewhere a line at its start and one at its end, each with the time. With --json each
// event is a line on standard output, and nothing goes to standard error.
class Steps {
  public:
    explicit Steps(const Context& context);
    ~Steps();
    Steps(const Steps&) = delete;
    Steps& operator=(const Steps&) = delete;

    void operator()(const plan::Event& event);
    plan::Report report() {
        return [this](const plan::Event& event) { (*this)(event); };
    }

  private:
    struct Open {
        std::string id, text, detail;
        Instant started;
    };
    void print(const plan::Event& event);
    void print_json(const plan::Event& event);
    void erase();
    void draw();
    void line(const std::string& text);

    const Context& context_;
    bool live_;  // a terminal that can be rewritten
    std::size_t width_ = 80;
    std::vector<Open> open_;
    std::size_t drawn_ = 0;  // lines of open steps on the screen
};

}  // namespace seance::cli
