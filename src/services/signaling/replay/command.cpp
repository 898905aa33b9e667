#include "services/signaling/replay/command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

#include "core/base/text.hpp"
#include "core/runtime/open_files.hpp"
#include "core/runtime/task_group.hpp"
#include "core/runtime/wait.hpp"
#include "net/websocket/client.hpp"
#include "services/signaling/replay/capture.hpp"

namespace seance::signaling {
namespace {

using namespace std::chrono_literals;

// After the last event, for what is still on its way.
constexpr Duration kLastWords = 500ms;

// How much earlier than recorded the server may close a connection that it closed in the recording too: it
// does so when it likes, and writes the line a moment later.
constexpr Duration kEarly = 250ms;

struct Arguments {
    std::string file;
    std::string url = "ws://127.0.0.1:4444/";
    std::uint64_t speed = 1;  // 0: without pauses
};

struct Tally {
    std::uint64_t connections = 0, failed = 0, sent = 0, unsent = 0, received = 0;
    std::map<std::uint16_t, std::uint64_t> closed;  // by the server, kEarly or more before the recording
};

Outcome<Arguments> parse_arguments(int argc, char** argv) {
    Arguments arguments;
    for (int i = 1; i < argc; i += 2) {
        std::string_view name = argv[i];
        if (i + 1 == argc) return Problem{fmt::format("{} needs a value", name)};
        std::string_view value = argv[i + 1];
        auto number = parse_number(value);
        if (name == "--replay")
            arguments.file = value;
        else if (name == "--url")
            arguments.url = value;
        else if (name == "--speed" && number)
            arguments.speed = *number;
        else
            return Problem{fmt::format("{} {} is not understood", name, value)};
    }
    auto url = lower(arguments.url);
    if (!url.starts_with("ws://") && !url.starts_with("wss://"))
        return Problem{
            fmt::format("--url {} is not understood, it has to begin with ws:// or wss://", arguments.url)};
    return arguments;
}

Outcome<std::vector<CapturedEvent>> read_capture(const std::string& path) {
    if (std::filesystem::is_directory(path))
        return Problem{fmt::format("{} is a folder; name the file that RECORD_FILE has written", path)};
    std::ifstream file(path);
    if (!file) return Problem{fmt::format("{} cannot be read", path)};
    std::vector<CapturedEvent> events;
    std::string line;
    for (std::size_t number = 1; std::getline(file, line); ++number) {
        if (trim(line).empty()) continue;
        auto event = parse_capture_line(line);
        if (!event) return Problem{fmt::format("{} line {} {}", path, number, event.error().what)};
        events.push_back(std::move(*event));
    }
    if (events.empty())
        return Problem{
            fmt::format("{} is empty: there is nothing to do again; RECORD_FILE writes a line for "
                        "each thing that clients do",
                        path)};
    return events;
}

class Replay {
  public:
    Replay(Loop& loop, const Arguments& arguments)
        : loop_(loop), arguments_(arguments), tasks_(loop.executor()) {}

    Awaitable<void> run(std::vector<CapturedEvent> events) {
        auto began = Clock::now();
        for (auto& event : events) {
            auto due = Instant::min();  // without pauses only the order counts
            if (arguments_.speed > 0) {
                due = began + std::chrono::milliseconds(event.ms / arguments_.speed);
                if (due > Clock::now()) co_await sleep_for(due - Clock::now());
            }
            co_await act(event, due);
        }
        co_await sleep_for(kLastWords);
        while (!closed_.empty()) count_closed(closed_.begin());
        for (auto& [id, socket] : open_) socket->close(websocket::close_code::kNormal, "");
        open_.clear();
        co_await tasks_.wait();
        loop_.stop();
    }
    const Tally& tally() const { return tally_; }

  private:
    Awaitable<void> act(CapturedEvent& event, Instant due) {
        auto at = open_.find(event.connection);
        auto closed = closed_.find(event.connection);
        // It says more in the recording, or stays for longer.
        if (closed != closed_.end() && event.kind != CapturedEvent::Open) {
            if (event.kind == CapturedEvent::Text || due > closed->second.at + kEarly)
                count_closed(closed);
            else
                closed_.erase(closed);
        }
        if (event.kind == CapturedEvent::Open) {
            ++tally_.connections;
            auto socket = co_await websocket::connect(loop_, arguments_.url, options_, 10s);
            if (!socket) {
                if (++tally_.failed == 1) fmt::print(stderr, "{}\n", socket.error().what);
                co_return;
            }
            open_[event.connection] = *socket;
            tasks_.spawn(listen(*socket, event.connection));
        } else if (event.kind == CapturedEvent::Close) {
            if (at == open_.end()) co_return;
            at->second->close(websocket::close_code::kNormal, "");
            open_.erase(at);
        } else if (at != open_.end() && at->second->open()) {
            ++tally_.sent;
            at->second->send(websocket::Opcode::Text, event.text);
        } else {
            ++tally_.unsent;
        }
    }

    Awaitable<void> listen(std::shared_ptr<websocket::WebSocket> socket, std::uint64_t id) {
        while (true) {
            auto message = co_await socket->read_message();
            if (!message) break;
            ++tally_.received;
        }
        auto at = open_.find(id);
        if (at == open_.end() || at->second != socket) co_return;
        closed_[id] = {socket->ending().code, Clock::now()};
        open_.erase(at);
    }

    struct Closed {
        std::uint16_t code = 0;
        Instant at{};
    };
    using ClosedById = std::map<std::uint64_t, Closed>;
    void count_closed(ClosedById::iterator at) {
        ++tally_.closed[at->second.code];
        closed_.erase(at);
    }

    Loop& loop_;
    const Arguments& arguments_;
    websocket::Options options_ = websocket::client_options();
    std::map<std::uint64_t, std::shared_ptr<websocket::WebSocket>> open_;
    ClosedById closed_;  // by the server: whether it was too early is seen when the recording goes on
    Tally tally_;
    TaskGroup tasks_;
};

void print(const Tally& tally) {
    std::string closed;
    for (auto [code, count] : tally.closed)
        closed += fmt::format("{}\"{}\":{}", closed.empty() ? "" : ",", code, count);
    fmt::print(
        "{{\"connections\":{},\"failed\":{},\"sent\":{},\"unsent\":{},\"received\":{},\"closed_by_server\":{{"
        "{}}}"
        "}}\n",
        tally.connections, tally.failed, tally.sent, tally.unsent, tally.received, closed);
}

}  // namespace

bool is_replay(int argc, char** argv) {
    return std::any_of(argv + 1, argv + std::max(1, argc),
                       [](std::string_view argument) { return argument == "--replay"; });
}

int replay_command(int argc, char** argv) {
    auto arguments = parse_arguments(argc, argv);
    if (!arguments) {
        fmt::print(stderr, "seance-signaling: {}; this is how it is used:\n{}", arguments.error().what,
                   kReplayUsage);
        return 64;
    }
    auto events = read_capture(arguments->file);
    if (!events) {
        fmt::print(stderr, "seance-signaling: {}\n", events.error().what);
        return 65;
    }
    allow_open_files(events->size() + 100);
    Loop loop;
    Replay replay(loop, *arguments);
    asio::co_spawn(loop.executor(), replay.run(std::move(*events)), [](std::exception_ptr failure) {
        if (failure) std::rethrow_exception(failure);
    });
    loop.run();
    print(replay.tally());
    return replay.tally().failed > 0 || !replay.tally().closed.empty() ? 1 : 0;
}

}  // namespace seance::signaling
