#include "platform/secrets/sops_file.hpp"

#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <thread>

#include "tests/support/fake_sops.hpp"
#include "tests/support/run.hpp"

namespace seance::secrets {

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::FakeSops;

Awaitable<void> read_into(SecretSource& source, std::optional<Outcome<Bundle>>& result) {
    result.emplace(co_await source.read());
}

Outcome<Bundle> read(SecretSource& source) {
    Loop loop;
    std::optional<Outcome<Bundle>> result;
    testing_support::run(loop, read_into(source, result));
    return std::move(*result);
}

Outcome<Bundle> read(const FakeSops& sops, Duration limit = std::chrono::seconds(20)) {
    SopsOptions options;
    options.environment = sops.environment();
    options.limit = limit;
    SopsFile file(sops.file(), std::move(options));
    return read(file);
}

Failure failure(const FakeSops& sops, Duration limit = std::chrono::seconds(20)) {
    auto result = read(sops, limit);
    if (result) return {Reason::Failed, "it succeeded"};
    return result.error();
}

}  // namespace

TEST(SopsFile, GivesWhatSopsPrints) {
    FakeSops sops;
    sops.prints(R"({"backend": {"STRIPE_SECRET_KEY": "sk_1"}, "SHARED": "two\nlines"})");

    auto bundle = read(sops);

    ASSERT_TRUE(bundle) << bundle.error().what;
    EXPECT_EQ(bundle->find("backend", "STRIPE_SECRET_KEY")->text.reveal(), "sk_1");
    EXPECT_EQ(bundle->find("backend", "SHARED")->text.reveal(), "two\nlines");
    EXPECT_EQ(sops.read("args"), "decrypt\n--input-type\nyaml\n--output-type\njson\n" + sops.file() + "\n");
}

TEST(SopsFile, KeepsInMindWhatWasNoTextWhenItWasWritten) {
    FakeSops sops;
    // sops prints 1.0 as 1, and a date as a text.
    sops.prints(R"({"backend": {"RATE": 1, "SINCE": "2026-01-30T00:00:00Z"}})");

    auto bundle = read(sops);

    ASSERT_TRUE(bundle) << bundle.error().what;
    EXPECT_EQ(bundle->find("backend", "RATE")->form, Value::Form::Fraction);
    EXPECT_EQ(bundle->find("backend", "SINCE")->form, Value::Form::Time);
}

TEST(SopsFile, PassesOnNoVariableThatSopsDoesNotNeed) {
    FakeSops sops;
    sops.prints("{}");
    SopsOptions options;
    options.environment = sops.environment();
    options.environment.insert({{"SOPS_AGE_KEY_FILE", "/k"},
                                {"AWS_PROFILE", "a"},
                                {"VAULT_TOKEN", "v"},
                                {"STRIPE_SECRET_KEY", "sk"},
                                {"RAILWAY_TOKEN", "r"},
                                {"LD_PRELOAD", ""}});
    SopsFile file(sops.file(), std::move(options));

    ASSERT_TRUE(read(file));

    EXPECT_THAT(sops.read("environment"),
                AllOf(HasSubstr("SOPS_AGE_KEY_FILE=/k\n"), HasSubstr("AWS_PROFILE=a\n"),
                      HasSubstr("VAULT_TOKEN=v\n"), HasSubstr("HOME="), Not(HasSubstr("STRIPE")),
                      Not(HasSubstr("RAILWAY")), Not(HasSubstr("LD_PRELOAD"))));
}

TEST(SopsFile, GivesSopsNothingToReadFromStandardInput) {
    FakeSops sops;
    sops.acts("if read line; then exit 1; fi; echo '{}'");
    EXPECT_TRUE(read(sops));
}

TEST(SopsFile, ExplainsEveryExitCodeAndWhatToDo) {
    struct Case {
        int code;
        Reason reason;
        const char* says;
    };
    const Case cases[] = {
        {1, Reason::Failed, "sops decrypt"},
        {2, Reason::NoFile, "permissions"},
        {3, Reason::Failed, "run the command again"},
        {5, Reason::Failed, ".sops.yaml"},
        {24, Reason::Tampered, "git"},
        {25, Reason::Tampered, "sops edit"},
        {51, Reason::Tampered, "checksum"},
        {52, Reason::Tampered, "no checksum"},
        {61, Reason::Failed, ".sops.yaml"},
        {91, Reason::Failed, "3.9"},
        {100, Reason::Failed, "sops --version"},
        {128, Reason::NoKey, "age age1first, age age1second, pgp 0123ABCD"},
        {200, Reason::Failed, "exit code 200"},
        {203, Reason::Failed, "exit code 203"},
    };
    for (const auto& one : cases) {
        FakeSops sops;
        sops.acts("exit " + std::to_string(one.code));

        auto found = failure(sops);

        EXPECT_EQ(found.reason, one.reason) << one.code;
        EXPECT_THAT(found.what, AllOf(HasSubstr(one.says), HasSubstr(sops.file()))) << one.code;
    }
}

TEST(SopsFile, TellsWhenSopsWasKilled) {
    FakeSops sops;
    sops.acts("kill -9 $$");
    EXPECT_THAT(failure(sops).what, HasSubstr("SIGKILL"));
}

TEST(SopsFile, EndsSopsAndWhatItStartedAtTheDeadline) {
    FakeSops sops;
    sops.acts("sleep 600 & echo $! > \"$HOME/pid\"; echo $$ > \"$HOME/own\"; wait");

    auto found = failure(sops, std::chrono::seconds(1));

    EXPECT_EQ(found.reason, Reason::TimedOut);
    EXPECT_THAT(found.what, AllOf(HasSubstr("within 1s"), HasSubstr("passphrase")));
    ASSERT_FALSE(sops.read("own").empty());
    EXPECT_NE(::kill(std::stoi(sops.read("own")), 0), 0);
    // Its child is killed too, and may take a moment to go; who adopts it may not bury it.
    const auto ended = [pid = std::stoi(sops.read("pid"))] {
        std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
        const std::string text{std::istreambuf_iterator<char>(status), std::istreambuf_iterator<char>()};
        return text.empty() || text.find(") Z") != std::string::npos || text.find(") X") != std::string::npos;
    };
    const auto end = Clock::now() + std::chrono::seconds(10);
    while (!ended() && Clock::now() < end) std::this_thread::yield();
    EXPECT_TRUE(ended());
}

TEST(SopsFile, StopsReadingWhatNoFileOfSecretsCanBe) {
    FakeSops sops;
    sops.acts("exec yes '{\"A\": \"B\"}'");

    auto found = failure(sops);

    EXPECT_EQ(found.reason, Reason::Invalid);
    EXPECT_THAT(found.what, HasSubstr("more than 4 MiB"));
}

TEST(SopsFile, RepeatsNothingOfWhatSopsPrints) {
    FakeSops sops;
    for (const auto* act : {"echo '{\"backend\": {\"A\": \"sentinel'", "echo sentinel", "echo '{} sentinel'",
                            "echo '[\"sentinel\"]'", "echo sentinel; echo sentinel >&2; exit 1",
                            "echo sentinel >&2; exit 128"}) {
        sops.acts(act);
        EXPECT_THAT(failure(sops).what, AllOf(HasSubstr(sops.file()), Not(HasSubstr("sentinel")))) << act;
    }
}

TEST(SopsFile, RefusesAFileThatIsNotEncryptedWithoutAskingSops) {
    FakeSops sops;
    sops.write("secrets.yaml", "backend:\n    STRIPE_SECRET_KEY: sentinel\n");

    auto found = failure(sops);

    EXPECT_EQ(found.reason, Reason::NotEncrypted);
    EXPECT_THAT(found.what, AllOf(HasSubstr("IS NOT ENCRYPTED"), HasSubstr("sops encrypt --in-place"),
                                  Not(HasSubstr("sentinel"))));
    EXPECT_FALSE(std::filesystem::exists(sops.path("args")));
}

TEST(SopsFile, SaysHowToInstallSopsWhereItIsNot) {
    FakeSops sops;
    SopsOptions options;
    options.environment = {{"PATH", "/nowhere"}};
    SopsFile file(sops.file(), std::move(options));

    auto result = read(file);

    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().reason, Reason::NoTool);
    EXPECT_THAT(result.error().what, HasSubstr("go install"));
}

TEST(SopsFile, TellsOfAFileThatIsNotThereOrIsNone) {
    FakeSops sops;
    for (const auto& path : {sops.path("nothing.yaml"), sops.path(".")}) {
        SopsFile file(path, SopsOptions());
        auto result = read(file);
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().reason, Reason::NoFile);
        EXPECT_THAT(result.error().what, HasSubstr(path));
    }
}

TEST(SopsFile, RefusesAFileOfMoreThanAMegabyte) {
    FakeSops sops;
    sops.write("secrets.yaml", std::string((1 << 20) + 1, '#'));
    EXPECT_THAT(failure(sops).what, HasSubstr("larger than 1 MiB"));
}

TEST(SecretSource, IsAnEnvFileByItsNameAndElseASopsFile) {
    EXPECT_EQ(source_of("a/.env", {})->description(), "a/.env (env file)");
    EXPECT_EQ(source_of(".env.production", {})->description(), ".env.production (env file)");
    EXPECT_EQ(source_of("production.env", {})->description(), "production.env (env file)");
    EXPECT_EQ(source_of("a.env/secrets.yaml", {})->description(), "a.env/secrets.yaml (sops)");
    EXPECT_EQ(source_of("secrets.json", {})->description(), "secrets.json (sops)");
}

}  // namespace seance::secrets
