#include "core/runtime/service.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <thread>

#include "core/base/version.hpp"
#include "core/config/unusable.hpp"
#include "core/observe/log.hpp"
#include "core/runtime/short_turns.hpp"
#include "core/runtime/wait.hpp"

namespace seance {
namespace {

// Loop 0 owns the signals and the shutdown; the other loops are told by message.
class Runner {
  public:
    explicit Runner(const ServiceOptions& options)
        : options_(options),
          loops_(make_loops(options.threads)),
          units_(loops_.size()),
          signals_(loops_[0]->executor()) {}

    int run(const std::function<std::unique_ptr<Unit>(Loop&, unsigned)>& make) {
        std::signal(SIGPIPE, SIG_IGN);
        try {
            for (unsigned i = 0; i < loops_.size(); ++i) units_[i] = make(*loops_[i], i);
        } catch (const std::exception& error) {
            // The program's name as in all it says at start.
            fmt::print(stderr, "{}: {}\n", program_invocation_short_name, error.what());
            units_.clear();
            return dynamic_cast<const config::Unusable*>(&error) ? 65 : 1;
        }
        signals_.add(SIGTERM);
        signals_.add(SIGINT);
        signals_.add(SIGHUP);
        asio::co_spawn(loops_[0]->executor(), watch_signals(), asio::detached);
        {
            std::vector<std::jthread> threads;
            for (unsigned i = 1; i < loops_.size(); ++i) threads.emplace_back([this, i] { run_loop(i); });
            run_loop(0);
        }
        // Units go before their loops, and the loops' leftover coroutines with them.
        for (auto& unit : units_) unit.reset();
        observe::flush();
        return 0;
    }

  private:
    static std::vector<std::unique_ptr<Loop>> make_loops(unsigned count) {
        std::vector<std::unique_ptr<Loop>> loops;
        for (unsigned i = 0; i < std::max(1u, count); ++i) loops.push_back(std::make_unique<Loop>());
        return loops;
    }

    void run_loop(unsigned i) {
        if (options_.short_turns > Duration::zero()) take_short_turns(options_.short_turns);
        loops_[i]->run();
    }

    Awaitable<void> watch_signals() {
        bool draining = false;
        while (true) {
            auto [error, number] = co_await signals_.async_wait(kAwait);
            if (error) co_return;
            if (number == SIGHUP) {
                observe::log(observe::Level::Info, "reload_requested");
                for (unsigned i = 0; i < loops_.size(); ++i)
                    asio::post(loops_[i]->executor(), [this, i] { units_[i]->reload(); });
            } else if (draining) {
                observe::log(observe::Level::Warning, "drain_cut_short");
                stop_all();
                co_return;
            } else {
                draining = true;
                observe::log(observe::Level::Info, "drain_started");
                remaining_ = loops_.size();
                for (unsigned i = 0; i < loops_.size(); ++i)
                    asio::co_spawn(loops_[i]->executor(), drain_unit(i), asio::detached);
                asio::co_spawn(loops_[0]->executor(), stop_after_drain_timeout(), asio::detached);
            }
        }
    }

    Awaitable<void> drain_unit(unsigned i) {
        co_await units_[i]->drain();
        asio::post(loops_[0]->executor(), [this] {
            if (--remaining_ > 0) return;
            observe::log(observe::Level::Info, "drain_finished");
            stop_all();
        });
    }

    Awaitable<void> stop_after_drain_timeout() {
        co_await sleep_for(options_.drain_timeout);
        observe::log(observe::Level::Warning, "drain_timed_out");
        stop_all();
    }

    void stop_all() {
        for (auto& loop : loops_) loop->stop();
    }

    ServiceOptions options_;
    std::vector<std::unique_ptr<Loop>> loops_;
    std::vector<std::unique_ptr<Unit>> units_;
    std::size_t remaining_ = 0;
    asio::basic_signal_set<Executor> signals_;
};

}  // namespace

int run_service(const ServiceOptions& options,
                const std::function<std::unique_ptr<Unit>(Loop&, unsigned)>& make) {
    Runner runner(options);
    return runner.run(make);
}

std::optional<int> begin_service(int argc, char** argv, std::string_view name, std::string_view about,
                                 const config::Reader& read, std::string_view usage) {
    for (int i = 1; i < argc; ++i) {
        std::string_view argument = argv[i];
        if (argument == "--version") {
            fmt::print("{} {}\n", name, built_commit());
            return 0;
        }
        if (argument == "--help" || argument == "-h") {
            fmt::print("{}: {}\n\n{}{}Settings are environment variables:\n{}", name, about, usage,
                       usage.empty() ? "" : "\n", config::describe(read.declared()));
            return 0;
        }
        fmt::print(stderr, "{}: unknown argument \"{}\"; settings are environment variables, see --help\n",
                   name, argument);
        return 64;
    }
    if (!read.problems().empty()) {
        for (const auto& problem : read.problems()) fmt::print(stderr, "{}: {}\n", name, problem);
        return 65;
    }
    observe::set_service(name.starts_with("seance-") ? name.substr(7) : name);
    warn_of_misspelled(config::find_misspelled(config::process_environment(), read.declared()));
    return std::nullopt;
}

void warn_of_misspelled(const std::vector<config::Misspelled>& found) {
    for (const auto& [wrong, meant] : found)
        observe::log(observe::Level::Warning, "setting_not_known")
            .field("name", wrong)
            .field("did_you_mean", meant);
}

}  // namespace seance
