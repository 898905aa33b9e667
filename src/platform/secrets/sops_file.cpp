#include "platform/secrets/sops_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <filesystem>

#include "core/base/wiped_bytes.hpp"
#include "core/runtime/wait.hpp"
#include "platform/process/child.hpp"
#include "platform/secrets/bundle_json.hpp"

namespace seance::secrets {

namespace {

// Where keys are looked for, and what the services that keep keys need to be asked.
constexpr std::string_view kNames[] = {"PATH", "HOME", "XDG_CONFIG_HOME", "GNUPGHOME"};
constexpr std::string_view kPrefixes[] = {"SOPS_", "AWS_", "GOOGLE_", "AZURE_", "VAULT_"};

constexpr std::string_view kInstall =
    "sops is not on PATH, and the secrets cannot be opened without it. Install it from "
    "https://github.com/getsops/sops/releases, or with `go install "
    "github.com/getsops/sops/v3/cmd/sops@latest`";

struct Run {
    process::ExitStatus exit;
    WipedBytes output;
    bool too_much = false;
};

// Owns the child: destroyed early, at the deadline, it kills it.
Awaitable<Result<Run>> finish(std::unique_ptr<process::Child> child) {
    Run run;
    run.output.resize(64 * 1024);
    std::size_t held = 0;
    for (;;) {
        if (held == run.output.size()) run.output.resize(run.output.size() * 2);
        const std::span<char> room(run.output.data() + held, run.output.size() - held);
        const auto n = co_await child->read_some(room);
        if (n == 0) break;
        held += n;
        if (held > SopsFile::kMostPlainBytes) {
            run.too_much = true;
            child->kill();
            break;
        }
    }
    run.output.resize(held);
    run.exit = co_await child->wait();
    co_return run;
}

std::string list(const std::vector<std::string>& texts) {
    return texts.empty() ? "nobody that its `sops` section names" : fmt::format("{}", fmt::join(texts, ", "));
}

// What the key would not tell any more: that a text was a date or a fraction when it was written.
void keep_forms(const LockedFile& file, Bundle& bundle) {
    for (const auto& one : file.names) {
        if (one.form != Value::Form::Fraction && one.form != Value::Form::Time) continue;
        auto& values = one.group.empty() ? bundle.flat : bundle.groups[one.group];
        values.insert_or_assign(one.name, Value{{}, one.form});
    }
}

}  // namespace

std::map<std::string, std::string> environment_for_sops(const std::map<std::string, std::string>& all) {
    std::map<std::string, std::string> passed;
    const auto wanted = [](std::string_view name) {
        return std::ranges::find(kNames, name) != std::ranges::end(kNames) ||
               std::ranges::any_of(kPrefixes, [&](auto prefix) { return name.starts_with(prefix); });
    };
    for (const auto& [name, value] : all)
        if (wanted(name)) passed.emplace(name, value);
    return passed;
}

Failure explain(const process::ExitStatus& exit, const std::string& path, const LockedFile& file) {
    const auto sentence = [&](Reason reason, std::string_view text) {
        return Failure{reason, fmt::format("{} {}", path, text)};
    };
    if (exit.signal != 0)
        return {Reason::Failed, fmt::format("sops was {} while it opened {}", exit.text(), path)};
    switch (exit.code) {
        case 2:
            return sentence(Reason::NoFile, "cannot be read by sops: look at its permissions");
        case 3:
            return sentence(Reason::Failed,
                            "was opened, but sops could not write what it found: run the command again");
        case 5:
        case 61:
            return sentence(Reason::Failed,
                            "was not opened: sops cannot read its own configuration, a .sops.yaml in this "
                            "folder or one above; correct that file or SOPS_CONFIG");
        case 24:
        case 52:
            return sentence(Reason::Tampered,
                            "has no checksum that its key opens, so nobody can tell whether it was changed. "
                            "Take the last good version from git");
        case 25:
            return sentence(Reason::Tampered,
                            "holds a value that its key does not open: it was changed or moved without sops. "
                            "Take the last good version from git, and change it with `sops edit`");
        case 51:
            return sentence(Reason::Tampered,
                            "was changed without sops: its checksum does not match. See what changed with "
                            "`git log -p`, take the last good version, and change it with `sops edit`");
        case 91:
        case 100:
            return {Reason::Failed,
                    fmt::format("sops did not understand how it was called; it may be older than 3.9, the "
                                "first with `sops decrypt`: `sops --version` tells. {} was not opened",
                                path)};
        case 128:
            return {Reason::NoKey,
                    fmt::format("no key on this machine opens {}. It can be opened by {}{}. Keys of age are "
                                "looked for in SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD and "
                                "~/.config/sops/age/keys.txt; somebody who can open it adds yours to "
                                ".sops.yaml and runs `sops updatekeys {}`",
                                path,
                                file.groups_needed > 1
                                    ? fmt::format("{} of its key groups, with ", file.groups_needed)
                                    : "",
                                list(file.recipient_texts()), path)};
        default:
            return {Reason::Failed,
                    fmt::format("sops could not open {} ({}). Its own words are not repeated here, since "
                                "they may quote a value; see them with `sops decrypt {} >/dev/null`",
                                path, exit.text(), path)};
    }
}

SopsFile::SopsFile(std::string path, SopsOptions options)
    : path_(std::move(path)), options_(std::move(options)) {}

std::string SopsFile::description() const {
    return path_ + " (sops)";
}

Outcome<LockedFile> SopsFile::names() const {
    return read_locked(path_);
}

Awaitable<Outcome<Bundle>> SopsFile::read() {
    // First what can be told without sops: a file in clear is refused, not passed through.
    const auto file = names();
    if (!file) co_return file.error();

    process::Launch launch;
    launch.env = environment_for_sops(options_.environment);
    launch.program = process::find_on_path("sops", launch.env["PATH"]);
    if (launch.program.empty()) co_return Failure{Reason::NoTool, std::string(kInstall)};
    // An absolute path never begins with a dash.
    const auto path = std::filesystem::absolute(path_).string();
    const bool json = path.ends_with(".json");
    launch.args = {"decrypt", "--input-type", json ? "json" : "yaml", "--output-type", "json", path};
    launch.errors = process::Errors::Discarded;

    auto child = process::Child::start(co_await asio::this_coro::executor, launch);
    if (!child) co_return Failure{Reason::Failed, child.error().what};
    auto run = co_await with_deadline(options_.limit, finish(std::move(*child)));
    if (!run)
        co_return Failure{
            Reason::TimedOut,
            fmt::format("sops did not open {} within {}. If its key asks for a passphrase, a PIN or a touch, "
                        "run `sops decrypt {} >/dev/null` in a terminal first; if it is kept by a service, "
                        "look whether that can be reached",
                        path_, print_duration(options_.limit), path_)};
    if (run->too_much)
        co_return Failure{Reason::Invalid,
                          fmt::format("{} holds more than {} MiB: that is no file of secrets", path_,
                                      kMostPlainBytes >> 20)};
    if (!run->exit.success()) co_return explain(run->exit, path_, *file);
    auto bundle = parse_bundle(text_of(run->output));
    if (!bundle)
        co_return Failure{bundle.error().reason,
                          fmt::format("what sops made of {} cannot be used: {}", path_, bundle.error().what)};
    keep_forms(*file, *bundle);
    co_return bundle;
}

}  // namespace seance::secrets
