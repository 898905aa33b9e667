#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <map>
#include <thread>

#include "cli/commands/commands.hpp"
#include "cli/commands/status_table.hpp"
#include "cli/log_printer.hpp"
#include "cli/log_text.hpp"
#include "cli/running.hpp"
#include "cli/usage.hpp"
#include "core/base/count.hpp"
#include "core/runtime/port_holder.hpp"
#include "platform/process/ports.hpp"
#include "platform/targets/local/control.hpp"
#include "platform/targets/local/local_stack.hpp"

namespace seance::cli {

namespace {

// Every service has this long to become healthy before `up` says that one has not.
constexpr auto kPatience = std::chrono::seconds(60);
// A service that has ended so often since the start (about four seconds) will do so again.
constexpr std::uint64_t kHopeless = 4;

constexpr std::string_view kDoctor = "`seance doctor` looks at everything that is needed";

struct UpOptions {
    std::uint16_t edge_port = 8080;
    bool detach = false;
};

// One run of the stack in this process, from the first start to the last process gone.
class Run {
  public:
    Run(Context& context, local::Layout layout, const local::StateFolder& state, bool detached)
        : context_(context) {
        for (const auto& service : layout.services) {
            names_.push_back(service.name);
            width_ = std::max(width_, service.name.size());
        }
        local::LocalStackEvents events;
        // Detached, nobody looks: the lines are in each service's own file.
        if (!detached)
            events.on_line = [this](std::string_view service, std::string_view line) { show(service, line); };
        events.on_change = [this](const process::ServiceStatus& status) { tell(status); };
        events.on_stop_request = [this] { stop(); };
        stack_.emplace(loop_, std::move(layout), state, std::move(events));
    }

    int run() {
        if (auto problem = stack_->start()) return context_.fail(kFailed, "CANNOT_START", problem->what);
        wait_for_signal();
        asio::co_spawn(loop_.executor(), announce(), asio::detached);
        loop_.run();
        return exit_code_;
    }

  private:
    void wait_for_signal() {
        signals_.async_wait([this](const error_code& error, int) {
            if (error) return;
            if (stopping_) {  // a second time: at once
                stack_->kill();
                exit_code_ = kInterrupted;
            }
            stop();
            wait_for_signal();
        });
    }

    void stop() {
        if (stopping_) return;
        stopping_ = true;
        context_.note(fmt::format("stopping {}", context_.note_style().dim("(again: at once)")));
        asio::co_spawn(loop_.executor(), finish(), asio::detached);
    }

    Awaitable<void> finish() {
        co_await stack_->stop();
        context_.note("stopped");
        loop_.stop();
    }

    Awaitable<void> announce() {
        const bool ready = co_await stack_->wait_ready();
        if (stopping_) co_return;
        const auto view = stack_->status();
        context_.result(context_.json ? to_json(view) + "\n" : print_status(view, context_.result_style()));
        if (!ready) context_.note("not everything runs; `seance logs` and `seance status` say more");
    }

    void show(std::string_view service, std::string_view line) {
        if (context_.quiet) return;
        const auto place =
            static_cast<std::size_t>(std::find(names_.begin(), names_.end(), service) - names_.begin());
        const auto& style = context_.note_style();
        const auto text = parse_log_text(line);
        context_.note(fmt::format("{} {} {}{}", style.nth(place, fmt::format("{:<{}}", service, width_)),
                                  style.dim("|"), level_mark(style, level_of(text)), readable(text)));
    }

    void tell(const process::ServiceStatus& status) {
        context_.note(
            print_change(context_.note_style(), status.name, process::name_of(status.state), status.detail));
    }

    Context& context_;
    Loop loop_;
    asio::basic_signal_set<Executor> signals_{loop_.executor(), SIGINT, SIGTERM, SIGHUP};
    std::vector<std::string> names_;
    std::size_t width_ = 0;
    std::optional<local::LocalStack> stack_;
    bool stopping_ = false;
    int exit_code_ = kDone;
};

int refuse_second(const Context& context, const Manifest& manifest) {
    const auto pid = local::RunLock::holder(local::StateFolder{manifest.root});
    std::string what = fmt::format("the stack already runs (process {})", pid), advice;
    if (const auto view = ask_stack(manifest)) {
        const auto healthy = std::count_if(view->services.begin(), view->services.end(),
                                           [](const auto& s) { return s.state == "healthy"; });
        what += fmt::format(" at {}, {} of {} healthy", view->edge_url, healthy,
                            count(view->services.size(), "service"));
        advice = local::advice_on_change(*view);
    }
    return context.fail(kRefused, "ALREADY_RUNNING", what,
                        advice.empty() ? "`seance status` shows it, `seance down` stops it" : advice);
}

// In the child of `up --detach`: a session of its own, with its output in a file.
void leave_terminal(Context& context, const local::StateFolder& state) {
    ::setsid();
    const int null = ::open("/dev/null", O_RDONLY);
    const int log = ::open((state.logs() + "/seance.log").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int out = log >= 0 ? log : ::open("/dev/null", O_WRONLY);
    ::dup2(null, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    context.result_to(out);
}

// Nothing is going to change by itself: each service is healthy, has failed, has ended again and again, or
// waits for one that has.
bool is_settled(const local::StackView& view) {
    return view.ready ||
           std::none_of(view.services.begin(), view.services.end(), [](const local::ServiceView& s) {
               return s.restarts < kHopeless && (s.state == "starting" || s.state == "restarting");
           });
}

volatile std::sig_atomic_t interrupted = 0;

// The parent of `up --detach`: until all is healthy, or it is known that it will not be.
int wait_for_detached(Context& context, const local::StateFolder& state, pid_t child) {
    // The child has left this terminal: Ctrl-C reaches the parent alone, and means both.
    ::signal(SIGINT, [](int) { interrupted = 1; });
    const auto end = Clock::now() + kPatience;
    std::optional<local::StackView> view;
    std::map<std::string, std::string> told;
    while (Clock::now() < end) {
        int status = 0;
        if (interrupted) {
            ::kill(child, SIGTERM);
            ::waitpid(child, &status, 0);
            return context.fail(kInterrupted, "INTERRUPTED", "interrupted; what had started is stopped");
        }
        if (::waitpid(child, &status, WNOHANG) == child)
            return context.fail(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : kFailed,
                                "CANNOT_START", "the stack has ended while starting",
                                "see " + state.logs() + "/seance.log");
        if (auto answer = local::ask_control(state.control(), R"({"do":"status"})"))
            view = local::from_json(*answer);
        if (view)
            for (const auto& s : view->services)
                if (auto& last = told[s.name]; last != s.state && s.state != "waiting") {
                    last = s.state;
                    context.note(print_change(context.note_style(), s.name, s.state,
                                              s.state == "starting" ? "" : s.detail));
                }
        if (view && is_settled(*view)) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    if (!view || !view->ready) {
        return context.fail(kFailed, "NOT_HEALTHY", "not every service has become healthy",
                            "`seance status` says which, `seance logs` why, `seance down` stops it");
    }
    context.result(context.json ? to_json(*view) + "\n" : print_status(*view, context.result_style()));
    return kDone;
}

int up(Context& context, const UpOptions& options) {
    auto manifest = context.manifest();
    if (!manifest) return context.exit_code;
    if (manifest->environment.target != stack::TargetKind::Local)
        return context.fail(kUsage, "NOT_LOCAL",
                            fmt::format("environment {} does not run on this machine", context.environment));
    const local::StateFolder state{manifest->root};
    if (auto problem = state.make()) return context.fail(kFailed, "NO_STATE", problem->what, kDoctor);
    auto lock = local::RunLock::take(state);
    if (!lock) return context.fail(kFailed, "NO_STATE", lock.error().what, kDoctor);
    if (!*lock) return refuse_second(context, *manifest);
    auto secrets = state.ensure_secrets(manifest->environment.generate);
    if (!secrets) return context.fail(kFailed, "NO_STATE", secrets.error().what, kDoctor);
    if (!process::port_is_free(options.edge_port))
        return context.fail(kFailed, "PORT_TAKEN",
                            fmt::format("port {} of 127.0.0.1 is taken by {}", options.edge_port,
                                        holder_of_port(options.edge_port)),
                            "stop that program, or choose another port: seance up --edge-port PORT");

    local::LayoutOptions where;
    where.root = manifest->root;
    where.edge_port = options.edge_port;
    where.secrets = std::move(*secrets);
    where.inherited = process_environment();
    where.ports = state.read_ports();
    auto layout = local::lay_out(manifest->stack, manifest->environment, where);
    if (!layout) return context.fail(kFailed, "CANNOT_START", layout.error().what, kDoctor);
    if (auto problem = state.write_ports(layout->ports))
        return context.fail(kFailed, "NO_STATE", problem->what, kDoctor);

    if (context.verbose)
        for (const auto& service : layout->services)
            context.note(fmt::format("{}: {} on port {}, metrics on {}", service.name, service.launch.program,
                                     service.port, service.admin_port));
    if (options.detach) {
        if (const pid_t child = ::fork(); child != 0) {
            if (child < 0) return context.fail(kFailed, "CANNOT_START", "cannot start another process");
            return wait_for_detached(context, state, child);
        }
        leave_terminal(context, state);
        (*lock)->write_pid();
    }
    Run run{context, std::move(*layout), state, options.detach};
    return run.run();
}

}  // namespace

void add_up(CLI::App& app, Context& context) {
    auto options = std::make_shared<UpOptions>();
    auto* command = app.add_subcommand("up", "Run the stack on this machine until Ctrl-C");
    command->add_option("--edge-port", options->edge_port, "Port of the edge router on 127.0.0.1")
        ->type_name("PORT")
        ->check(whole_number(1, 65535))
        ->capture_default_str();
    command->add_flag("-d,--detach", options->detach,
                      "Leave it running in the background once all is healthy");
    command->callback([&context, options] { context.exit_code = up(context, *options); });
}

}  // namespace seance::cli
