#include "cli/remote/rehearsal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/remote/rehearsal_values.hpp"
#include "core/base/text.hpp"
#include "core/runtime/wait.hpp"
#include "platform/process/child.hpp"
#include "platform/remote/json_view.hpp"
#include "platform/stack/references.hpp"

namespace seance::cli {

namespace {

namespace fs = std::filesystem;
using remote::JsonView;

constexpr Duration kStartLimit = std::chrono::seconds(60), kEndLimit = std::chrono::seconds(15);
constexpr int kTick = 100;  // ms between two looks at what has no descriptor to wait for

// Blocked from the first rehearsal on, and waited for instead: no step may be left behind by them.
sigset_t handled() {
    sigset_t set;
    sigemptyset(&set);
    for (int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, number);
    return set;
}

std::string own_program() {
    std::error_code none;
    return fs::read_symlink("/proc/self/exe", none).string();
}

// Beside the program's own checkout, or that of stack.yaml.
std::string find_emulators(const Manifest& manifest) {
    const fs::path places[] = {fs::path(own_program()).parent_path() / "../..", fs::path(manifest.root)};
    std::error_code none;
    for (const auto& place : places)
        if (const auto file = place / "tests/emulators/rehearsal.mjs"; fs::exists(file, none))
            return fs::weakly_canonical(file, none).string();
    return {};
}

bool wants_redis(const Manifest& manifest) {
    for (const auto& service : manifest.stack.services)
        if (service.image.find("redis") != std::string::npos ||
            service.image.find("valkey") != std::string::npos)
            return true;
    return false;
}

// What has to be on this machine, each with its fix; "" if all is there.
std::string missing_pieces(const Manifest& manifest, const std::string& emulators, std::string& fix) {
    const auto lacks = [&](const char* program) {
        return process::find_program({program}, manifest.root).empty();
    };
    if (emulators.empty()) {
        fix = "run the seance of a checkout of Séance (build/bin/seance): they are in its tests/emulators";
        return "the emulators are not there";
    }
    if (lacks("node")) {
        fix = "apt-get install nodejs npm (20 or newer)";
        return "the emulators run on Node.js, and there is no node on PATH";
    }
    const auto tests = fs::path(emulators).parent_path().parent_path();
    std::error_code none;
    for (const char* package : {"graphql", "ws"})
        if (!fs::exists(tests / "node_modules" / package, none)) {
            fix = fmt::format("npm --prefix {} ci", tests.string());
            return fmt::format("the emulators need the npm package {}", package);
        }
    for (const char* program : {"openssl", "tar"})
        if (lacks(program)) {
            fix = fmt::format("apt-get install {}", program);
            return fmt::format("the emulators need {}, which is not on PATH", program);
        }
    if (wants_redis(manifest) && lacks("redis-server")) {
        fix = "apt-get install redis-server";
        return "redis-server, which stands in for the image of Valkey, is not on PATH";
    }
    return {};
}

struct Spawn {
    std::vector<std::string> command;
    std::map<std::string, std::string> environment;
    int input = -1, output = -1, errors = -1;  // -1: this process's own
    bool own_group = false;
};

// -1 if there is no process; what cannot be run ends with 127, as in a shell.
pid_t spawn(const Spawn& what) {
    std::vector<std::string> variables;
    for (const auto& [name, value] : what.environment) variables.push_back(name + "=" + value);
    std::vector<char*> argv, envp;
    for (const auto& word : what.command) argv.push_back(const_cast<char*>(word.c_str()));
    for (const auto& variable : variables) envp.push_back(const_cast<char*>(variable.c_str()));
    argv.push_back(nullptr);
    envp.push_back(nullptr);
    const auto parent = ::getpid();
    const auto pid = ::fork();
    if (pid != 0) return pid;
    if (what.own_group)
        ::setpgid(0, 0);
    else
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(127);
    if (what.input >= 0) ::dup2(what.input, STDIN_FILENO);
    if (what.output >= 0) ::dup2(what.output, STDOUT_FILENO);
    if (what.errors >= 0) ::dup2(what.errors, STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::environ = envp.data();  // its PATH is the one that is searched
    ::execvp(argv.front(), argv.data());
    ::_exit(127);
}

std::string tail_of(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (text.size() > 2000) text.erase(0, text.size() - 2000);
    return std::string(trim(text));
}

bool write_secrets(const std::string& path, const Values& secrets) {
    const auto file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return false;
    std::string text;
    for (const auto& [name, value] : secrets) text += name + "=" + value + "\n";
    const bool whole = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::close(file);
    return whole;
}

// Those of a rehearsal that is gone on with: what runs already has them.
Values read_secrets_again(const std::string& path) {
    Values secrets;
    std::ifstream file(path, std::ios::binary);
    for (std::string line; std::getline(file, line);)
        if (const auto equals = line.find('='); equals != std::string::npos)
            secrets[line.substr(0, equals)] = line.substr(equals + 1);
    return secrets;
}

// Services of a third party's image, which no registry of a rehearsal has: run by the programs that run them
// on this machine, where these need nothing but their port.
boost::json::object stand_ins(const Manifest& manifest) {
    boost::json::object made;
    for (const auto& service : manifest.stack.services) {
        if (service.image.empty() || service.image.starts_with(manifest.stack.registry + "/")) continue;
        const auto program = process::find_program(service.programs, manifest.root);
        boost::json::array argv{boost::json::string(program)};
        bool known = !program.empty();
        for (const auto& arg : service.args) {
            auto text = stack::expand(arg, {{"port", "${port}"}});
            known = known && text.has_value();
            if (text) argv.emplace_back(*text);
        }
        if (known)
            made[service.name] = boost::json::object{{"argv", std::move(argv)}, {"folder", manifest.root}};
    }
    return made;
}

std::vector<std::string> command_of(const Manifest& manifest, const std::string& emulators,
                                    const std::string& folder, double speed) {
    boost::json::object run_env;
    for (const auto& [service, values] : rehearsal_run_env(manifest.stack, manifest.environment)) {
        boost::json::object one;
        for (const auto& [name, text] : values) one[name] = text;
        run_env[service] = std::move(one);
    }
    std::vector<std::string> command{"node",       emulators,
                                     "--zone",     manifest.environment.domain,
                                     "--images",   manifest.stack.registry,
                                     "--folder",   folder,
                                     "--speed",    fmt::format("{}", speed),
                                     "--plan",     "PRO",
                                     "--run-env",  boost::json::serialize(run_env),
                                     "--stand-in", boost::json::serialize(stand_ins(manifest))};
    if (manifest.environment.dns == stack::DnsKind::None) command.emplace_back("--records-by-hand");
    if (const auto& spaces = manifest.environment.spaces) {
        command.emplace_back("--region");
        command.push_back(spaces->region);
    }
    if (const auto* local = local_environment(manifest.stack))
        for (const auto& sink : local->sinks) {
            command.emplace_back("--sink");
            command.push_back(sink);
        }
    return command;
}

}  // namespace

std::unique_ptr<Rehearsal> Rehearsal::start(Context& context, const Manifest& manifest,
                                            const RehearsalOptions& options) {
    const auto emulators = find_emulators(manifest);
    std::string fix;
    if (const auto missing = missing_pieces(manifest, emulators, fix); !missing.empty()) {
        context.exit_code = context.fail(kCheckFailed, "CANNOT_REHEARSE", missing, fix);
        return nullptr;
    }
    const auto set = handled();
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    std::unique_ptr<Rehearsal> made(new Rehearsal);
    std::error_code error;
    if (options.folder.empty()) {
        auto pattern = (fs::temp_directory_path(error) / "seance-rehearsal-XXXXXX").string();
        if (!error && ::mkdtemp(pattern.data()) == nullptr) error = {errno, std::generic_category()};
        made->folder_ = pattern;
        made->own_folder_ = !error;
    } else {
        made->folder_ = fs::absolute(options.folder, error).string();
        if (fs::create_directories(made->folder_, error) && !error)
            fs::permissions(made->folder_, fs::perms::owner_all, error);
    }
    const auto log = made->folder_ + "/emulators.log";
    int input[2] = {-1, -1}, output[2] = {-1, -1};
    const int errors = error ? -1 : ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (errors < 0 || ::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0) {
        context.exit_code = context.fail(kFailed, "NO_FOLDER",
                                         fmt::format("cannot keep the rehearsal in {}: {}", made->folder_,
                                                     error ? error.message() : ::strerror(errno)));
        return nullptr;
    }
    made->input_ = input[1];
    made->output_ = output[0];
    made->result_fd_ = context.result_fd();
    made->environment_ = process_environment();
    made->pid_ = spawn({command_of(manifest, emulators, made->folder_, options.speed), made->environment_,
                        input[0], output[1], errors, true});
    ::close(input[0]);
    ::close(output[1]);
    ::close(errors);
    std::string line;
    if (!made->wait_for_line(context, line)) return nullptr;
    const auto parsed = remote::parse_json(line);
    const JsonView world = parsed ? JsonView(*parsed) : JsonView();
    const auto secrets_file = made->folder_ + "/secrets.env";
    auto secrets = read_secrets_again(secrets_file);
    if (manifest.environment.spaces) {
        secrets["SPACES_ACCESS_KEY_ID"] = world["spaces"]["accessKeyId"].text_or();
        secrets["SPACES_SECRET_ACCESS_KEY"] = world["spaces"]["secretAccessKey"].text_or();
    }
    if (!write_secrets(secrets_file,
                       rehearsal_secrets(manifest.stack, manifest.environment, std::move(secrets)))) {
        context.exit_code =
            context.fail(kFailed, "CANNOT_WRITE", fmt::format("cannot write {}", secrets_file));
        return nullptr;
    }
    auto& e = made->environment_;
    e.erase("RAILWAY_TOKEN");  // one of the real world has no business here
    e["RAILWAY_API_TOKEN"] = world["railway"]["token"].text_or();
    e["CLOUDFLARE_API_TOKEN"] = world["cloudflare"]["token"].text_or();
    e["SEANCE_RAILWAY_URL"] = world["railway"]["url"].text_or();
    e["SEANCE_CLOUDFLARE_URL"] = world["cloudflare"]["url"].text_or();
    e["SEANCE_SPACES_URL"] = world["spaces"]["url"].text_or();
    if (const auto& spaces = manifest.environment.spaces)
        e["SEANCE_SPACES_CDN_URL"] = world["spaces"]["cdn"].text_or() + "/" + spaces->bucket;
    const auto edge = world["railway"]["edgeTls"].text_or();
    e["SEANCE_EDGE"] = edge.substr(edge.find("://") == std::string::npos ? 0 : edge.find("://") + 3);
    e["SEANCE_CA_FILE"] = world["railway"]["ca"].text_or();
    e["SEANCE_REGISTRY_MAP"] = fmt::format("{}={}", manifest.stack.registry,
                                           world["registry"]["map"][manifest.stack.registry].text_or());
    e["SEANCE_SECRETS_FILE"] = secrets_file;
    // What hints name, `seance`, is this program.
    const auto own = fs::path(own_program()).parent_path().string();
    e["PATH"] = e["PATH"].empty() ? own : own + ":" + e["PATH"];
    return made;
}

bool Rehearsal::wait_for_line(Context& context, std::string& line) {
    const auto set = handled();
    const auto until = Clock::now() + kStartLimit;
    while (line.find('\n') == std::string::npos) {
        pollfd look{output_, POLLIN, 0};
        ::poll(&look, 1, kTick);
        char piece[4096];
        const auto got = look.revents != 0 ? ::read(output_, piece, sizeof piece) : -1;
        if (got > 0) line.append(piece, static_cast<std::size_t>(got));
        siginfo_t info{};
        const timespec now{0, 0};
        const int number = ::sigtimedwait(&set, &info, &now);
        if (number > 0 && number != SIGCHLD) {
            context.exit_code = context.fail(kInterrupted, "INTERRUPTED", "interrupted");
            return false;
        }
        if (got == 0 || Clock::now() > until) {
            context.exit_code = context.fail(kFailed, "EMULATORS",
                                             got == 0 ? "the emulators ended before they were ready"
                                                      : "the emulators are not ready after 60 s",
                                             tail_of(folder_ + "/emulators.log"));
            return false;
        }
    }
    return true;
}

Rehearsal::Ran Rehearsal::run(const std::vector<std::string>& command, Output output) {
    Ran ran;
    int pipe[2] = {-1, -1};
    if (output == Output::Captured && ::pipe2(pipe, O_CLOEXEC) != 0) return {kFailed, {}, false};
    const auto stdout_of = output == Output::Captured   ? pipe[1]
                           : output == Output::ToErrors ? STDERR_FILENO
                                                        : result_fd_;
    const auto child = spawn({command, environment_, -1, stdout_of, -1, false});
    if (pipe[1] >= 0) ::close(pipe[1]);
    if (child < 0) return {kFailed, {}, false};
    const auto set = handled();
    int status = 0;
    for (;;) {
        if (pipe[0] >= 0) {
            pollfd look{pipe[0], POLLIN, 0};
            char piece[4096];
            if (::poll(&look, 1, kTick) > 0)
                if (const auto got = ::read(pipe[0], piece, sizeof piece); got > 0) {
                    ran.output.append(piece, static_cast<std::size_t>(got));
                    continue;
                }
        }
        if (::waitpid(child, &status, WNOHANG) == child) break;
        siginfo_t info{};
        const timespec wait{0, kTick * 1'000'000L};
        const int number = ::sigtimedwait(&set, &info, &wait);
        if (number <= 0 || number == SIGCHLD) continue;
        ran.interrupted = true;
        // From a terminal the child has got it already, and a second one would not let it tidy up.
        if (info.si_code == SI_USER || number != SIGINT) ::kill(child, number);
    }
    if (pipe[0] >= 0) ::close(pipe[0]);
    ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ran;
}

void Rehearsal::end() {
    if (input_ >= 0) ::close(input_);
    if (output_ >= 0) ::close(output_);
    input_ = output_ = -1;
    if (pid_ <= 0) return;
    const auto set = handled();
    const auto gone = [&](Duration limit) {
        for (const auto until = Clock::now() + limit; Clock::now() < until;) {
            if (::waitpid(pid_, nullptr, WNOHANG) == pid_) return true;
            const timespec wait{0, kTick * 1'000'000L};
            ::sigtimedwait(&set, nullptr, &wait);
        }
        return false;
    };
    if (!gone(kEndLimit)) {
        ::kill(-pid_, SIGKILL);
        gone(kEndLimit);
    }
    pid_ = -1;
}

Rehearsal::~Rehearsal() {
    end();
    std::error_code ignored;
    if (own_folder_) fs::remove_all(folder_, ignored);
}

}  // namespace seance::cli
