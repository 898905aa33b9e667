#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/runtime/awaitable.hpp"
#include "core/runtime/task_group.hpp"

namespace seance::local {

// The running stack's ear: a Unix socket for this user alone, one JSON request a line, one JSON answer a
// line.
class ControlServer {
  public:
    using Answer = std::function<std::string(std::string_view request)>;
    ControlServer(Executor executor, std::string path, Answer answer);
    ~ControlServer();

    std::optional<Problem> listen();
    Awaitable<void> stop();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Sends one line and gives the answer's line; blocks up to two seconds. Nothing if nobody answers.
std::optional<std::string> ask_control(const std::string& path, std::string_view request);

}  // namespace seance::local
