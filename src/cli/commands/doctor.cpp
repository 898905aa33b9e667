#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netdb.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <filesystem>

#include "cli/commands/commands.hpp"
#include "cli/examined.hpp"
#include "cli/remote/doctor.hpp"
#include "cli/terminal/table.hpp"
#include "cli/usage.hpp"
#include "core/base/count.hpp"
#include "core/runtime/port_holder.hpp"
#include "platform/process/child.hpp"
#include "platform/process/ports.hpp"
#include "platform/targets/local/state_folder.hpp"

namespace seance::cli {

void examine_programs(const Manifest& manifest, bool only_built, std::vector<Examined>& out) {
    for (const auto& service : manifest.stack.services) {
        if (only_built && !service.image.empty()) continue;
        Examined found{"program of " + service.name, Mark::Ok,
                       process::find_program(service.programs, manifest.root), ""};
        if (found.finding.empty()) {
            found.mark = Mark::Fail;
            found.finding =
                fmt::format("{} is neither beside seance nor on PATH", fmt::join(service.programs, " or "));
            found.fix = "build it (./dev build), or install the package that has it (apt-get install)";
        }
        out.push_back(std::move(found));
    }
}

int tell_examined(const Context& context, const std::vector<Examined>& all) {
    static constexpr std::string_view kNames[] = {"ok", "warn", "fail"};
    static constexpr std::string_view kSigns[] = {"✔", "!", "✘"};
    static constexpr Table::Paint kPaints[] = {&Style::green, &Style::yellow, &Style::red};
    bool failed = false;
    boost::json::array checks;
    Table table({"", "WHAT", "FINDING"});
    std::string fixes;
    for (const auto& each : all) {
        const auto mark = static_cast<std::size_t>(each.mark);
        failed = failed || each.mark == Mark::Fail;
        checks.push_back(boost::json::object{
            {"what", each.what}, {"status", kNames[mark]}, {"finding", each.finding}, {"fix", each.fix}});
        table.add({std::string(kSigns[mark]), each.what, each.finding}, 0, kPaints[mark]);
        if (!each.fix.empty()) fixes += fmt::format("{} {}: {}\n", kSigns[mark], each.what, each.fix);
    }
    if (context.json)
        context.result(boost::json::serialize(boost::json::object{
                           {"schema", "seance.doctor/1"}, {"ok", !failed}, {"checks", std::move(checks)}}) +
                       "\n");
    else
        context.result(table.print(context.result_style()) + (fixes.empty() ? "" : "\n" + fixes));
    return failed ? kCheckFailed : kDone;
}

namespace {

// Builds, images and logs want room; below this something breaks soon.
constexpr std::uint64_t kLeastFree = 1ULL << 30;

void examine_ports(const Manifest& manifest, std::uint16_t edge_port, std::vector<Examined>& out) {
    const local::StateFolder state{manifest.root};
    if (const auto pid = local::RunLock::holder(state); pid != 0) {
        out.push_back(
            {"ports", Mark::Ok, fmt::format("the stack runs (process {}) and has its own", pid), ""});
        return;
    }
    const auto examine = [&out](std::string what, std::uint16_t port, std::string fix) {
        if (process::port_is_free(port))
            out.push_back({std::move(what), Mark::Ok, fmt::format("{} is free", port), ""});
        else
            out.push_back({std::move(what), Mark::Fail,
                           fmt::format("{} of 127.0.0.1 is taken by {}", port, holder_of_port(port)),
                           std::move(fix)});
    };
    examine("port of the edge", edge_port,
            "stop that program, or choose another port: seance up --edge-port PORT");
    for (const auto& service : manifest.stack.services)
        if (service.local_port != 0)
            examine("port of " + service.name, service.local_port,
                    "stop that program, or change local_port in stack.yaml");
}

void examine_secrets(const Manifest& manifest, std::vector<Examined>& out) {
    const auto environment = process_environment();
    for (const auto& service : manifest.stack.services) {
        std::vector<std::string> missing;
        for (const auto& name : service.secrets)
            if (auto found = environment.find(name); found == environment.end() || found->second.empty())
                missing.push_back(name);
        if (service.secrets.empty()) continue;
        if (missing.empty())
            out.push_back({"secrets of " + service.name, Mark::Ok, "all set", ""});
        else
            out.push_back({"secrets of " + service.name, Mark::Warn,
                           fmt::format("not set: {}", fmt::join(missing, ", ")),
                           "export them before seance up; without them the service says what it cannot do"});
    }
}

void examine_machine(const Manifest& manifest, std::vector<Examined>& out) {
    struct statvfs disk {};
    const local::StateFolder state{manifest.root};
    std::error_code none;
    const bool there = std::filesystem::exists(state.path(), none);  // it may be on a disk of its own
    const auto& kept_in = there ? state.path() : manifest.root;
    if (::statvfs(kept_in.c_str(), &disk) == 0) {
        const auto free = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
        Examined found{"disk space", Mark::Ok, fmt::format("{:.1f} GB free", static_cast<double>(free) / 1e9),
                       ""};
        if (free < kLeastFree) {
            found.mark = Mark::Fail;
            found.fix = "make room: at least 1 GB is wanted";
        }
        out.push_back(std::move(found));
    }
    const bool writable = ::access(kept_in.c_str(), W_OK | X_OK) == 0;
    out.push_back(
        {"state folder", writable ? Mark::Ok : Mark::Fail,
         writable ? state.path() : fmt::format("{} cannot be written: {}", kept_in, ::strerror(errno)),
         writable ? "" : "give this user the right to write there, or run seance as the one who has it"});
    const bool git = !process::find_program({"git"}, manifest.root).empty();
    out.push_back({"git", git ? Mark::Ok : Mark::Warn, git ? "found" : "not on PATH",
                   git ? "" : "apt-get install git"});

    addrinfo* addresses = nullptr;
    const bool resolves =
        ::getaddrinfo(("x." + manifest.environment.domain).c_str(), nullptr, nullptr, &addresses) == 0;
    if (addresses) ::freeaddrinfo(addresses);
    out.push_back({"names under " + manifest.environment.domain, Mark::Ok,
                   resolves ? "this system resolves them"
                            : "browsers and curl resolve them; other programs send Host, or use direct ports "
                              "(seance status)",
                   ""});
}

int doctor(Context& context, std::uint16_t edge_port) {
    auto manifest = context.manifest();
    if (!manifest) return context.exit_code;
    if (manifest->environment.target != stack::TargetKind::Local) return remote_doctor(context, *manifest);
    std::vector<Examined> all;
    all.push_back({"stack.yaml", Mark::Ok, count(manifest->stack.services.size(), "service"), ""});
    examine_programs(*manifest, false, all);
    examine_ports(*manifest, edge_port, all);
    examine_secrets(*manifest, all);
    examine_machine(*manifest, all);
    return tell_examined(context, all);
}

}  // namespace

void add_doctor(CLI::App& app, Context& context) {
    auto port = std::make_shared<std::uint16_t>(std::uint16_t{8080});
    auto* command = app.add_subcommand("doctor", "Everything that must be in place, each with its fix");
    command->add_option("--edge-port", *port, "The port that the edge would take")
        ->type_name("PORT")
        ->check(whole_number(1, 65535))
        ->capture_default_str();
    command->callback([&context, port] { context.exit_code = doctor(context, *port); });
}

}  // namespace seance::cli
