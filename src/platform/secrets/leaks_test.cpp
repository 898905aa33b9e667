// Sentinel values, looked for wherever a secret could come to light while a file of them is opened.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "platform/process/child.hpp"
#include "platform/secrets/assess.hpp"
#include "platform/secrets/drift.hpp"
#include "platform/secrets/sops_file.hpp"
#include "platform/stack/parse.hpp"
#include "tests/support/fake_sops.hpp"
#include "tests/support/loop_thread.hpp"

namespace seance::secrets {

namespace {

namespace fs = std::filesystem;
using testing_support::FakeSops;
using testing_support::LoopThread;

// Put together at run time, so that no program's image holds them as a whole.
const std::string kValue = std::string("senti") + "nel-value-" + std::to_string(::getpid());
const std::string kKey = std::string("senti") + "nel-key-" + std::to_string(::getpid());

std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// "cmdline of 123 (sops)" for each process of this machine in whose file of /proc the text stands.
std::vector<std::string> processes_with(const std::string& text) {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator("/proc")) {
        const auto pid = entry.path().filename().string();
        if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
        for (const auto* name : {"cmdline", "environ", "comm"})
            if (contents("/proc/" + pid + "/" + name).find(text) != std::string::npos)
                found.push_back(std::string(name) + " of " + pid);
    }
    return found;
}

// Standard output and error of this process, in files until the end.
class Captured {
  public:
    explicit Captured(const FakeSops& folder) {
        for (int fd : {STDOUT_FILENO, STDERR_FILENO}) {
            kept_[fd] = ::dup(fd);
            const auto path = folder.path("stream" + std::to_string(fd));
            const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
            ::dup2(file, fd);
            ::close(file);
        }
    }
    ~Captured() {
        for (auto [fd, kept] : kept_) {
            ::dup2(kept, fd);
            ::close(kept);
        }
    }
    Captured(const Captured&) = delete;
    Captured& operator=(const Captured&) = delete;

  private:
    std::map<int, int> kept_;
};

Awaitable<Outcome<Bundle>> read(std::shared_ptr<SopsFile> file) {
    co_return co_await file->read();
}

Awaitable<std::shared_ptr<process::Child>> start(process::Launch launch) {
    auto child = process::Child::start(co_await asio::this_coro::executor, launch);
    if (!child) throw std::runtime_error(child.error().what);
    co_return std::shared_ptr<process::Child>(std::move(*child));
}

}  // namespace

TEST(Leaks, NoValueIsSeenOutsideWhileAFileIsOpened) {
    FakeSops sops;
    ASSERT_EQ(::mkfifo(sops.path("printed").c_str(), 0600), 0);
    ASSERT_EQ(::mkfifo(sops.path("go").c_str(), 0600), 0);
    sops.write("plain.json", R"({"backend": {"STRIPE_SECRET_KEY": ")" + kValue + R"("}})");
    // Slow: it holds still when all has been printed. It also says the value where it should not.
    sops.acts(
        "cat \"$HOME/plain.json\"; cat \"$HOME/plain.json\" >&2; echo > \"$HOME/printed\"; read x < "
        "\"$HOME/go\"");
    SopsOptions options;
    options.environment = sops.environment();
    options.environment["SOPS_AGE_KEY"] = kKey;
    options.environment["UNRELATED"] = "x";
    auto file = std::make_shared<SopsFile>(sops.file(), options);
    std::vector<std::string> with_value, with_key;
    std::string printed;
    bool opened = false;

    {
        Captured streams(sops);
        LoopThread loop;
        process::Launch other;  // another child of ours, as a service that runs beside
        other.program = "/bin/sleep";
        other.args = {"600"};
        auto beside = loop.await(start(other));
        std::thread observer([&] {
            contents(sops.path("printed"));  // until sops has printed
            with_value = processes_with(kValue);
            with_key = processes_with(kKey);
            std::ofstream(sops.path("go")) << "go\n";
        });
        auto bundle = loop.await(read(file));
        observer.join();
        opened = bundle && bundle->find("backend", "STRIPE_SECRET_KEY")->text.reveal() == kValue;
        loop.on_loop([&] {
            beside.reset();
            return 0;
        });
    }
    printed = sops.read("stream1") + sops.read("stream2");

    ASSERT_TRUE(opened);
    EXPECT_THAT(with_value, testing::IsEmpty());
    // The key is in the environment of sops, which needs it, and nowhere else.
    EXPECT_THAT(with_key, testing::ElementsAre(testing::StartsWith("environ of ")));
    EXPECT_THAT(printed, testing::Not(testing::HasSubstr("sentinel")));
    // Nothing was written to disk beside the file that the fake sops prints.
    for (const auto& entry : fs::directory_iterator(fs::path(sops.file()).parent_path())) {
        if (!entry.is_regular_file() || entry.path().filename() == "plain.json") continue;
        EXPECT_EQ(contents(entry.path().string()).find(kValue), std::string::npos) << entry.path();
    }
}

TEST(Leaks, NoValueIsInFindingsOrInATableOfDrift) {
    const auto parsed = stack::parse_stack(R"(
project: shop
registry: docker.io/shop
environments:
  production: {target: railway, domain: shop.dev, secrets: s.yaml, require: {api: [A, B, C, D, E]}}
services:
  api: {source: src/api, port: 80}
)");
    ASSERT_TRUE(parsed.problems.empty());
    const auto& environment = parsed.stack.environments[0];
    Bundle bundle;
    const auto put = [&](const char* name, const std::string& text) {
        bundle.groups["api"][name].text = SecretText(text);
    };
    put("A", kValue);
    put("B", kValue + "\n");
    put("C", kValue + std::string(1, '\0'));
    put("D", "replace-me " + kValue);
    put("EXTRA", kValue);
    put("bad name", kValue);
    const FingerprintKey key(SecretText(std::string(32, 'k')));
    auto live = variables_of(bundle, parsed.stack, environment);
    live["api"]["A"] = SecretText(kValue + "2");

    std::string all;
    for (const auto& finding : assess(parsed.stack, environment, bundle).findings)
        all += finding.sentence + "\n";
    for (const auto& row : drift(variables_of(bundle, parsed.stack, environment), live, key))
        all += row.service + row.name + row.wanted + row.live;

    EXPECT_THAT(all, testing::HasSubstr("api.EXTRA"));
    EXPECT_THAT(all, testing::Not(testing::HasSubstr("sentinel")));
}

}  // namespace seance::secrets
