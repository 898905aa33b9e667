#include "platform/images/credentials.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::images {
namespace {

using namespace testing_support;

Reference image(std::string_view name) {
    return *parse_reference(name);
}

std::string problem_of(std::string_view text) {
    auto config = parse_docker_config(text, "config.json");
    return config ? "fine" : config.error().what;
}

Awaitable<void> find(DockerConfig config, Reference name, Attempt<Credentials>& out) {
    out = co_await find_credentials(std::move(config), std::move(name));
}

// A folder on PATH with a helper that is a shell script.
struct CredentialsTest : testing::Test {
    TemporaryFolder folder;
    Loop loop;
    std::string old_path = std::getenv("PATH");

    void SetUp() override { setenv("PATH", (folder.path().string() + ":" + old_path).c_str(), 1); }
    void TearDown() override { setenv("PATH", old_path.c_str(), 1); }

    void helper(const std::string& name, const std::string& script) {
        auto path = folder.path() / ("docker-credential-" + name);
        std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    }
    Attempt<Credentials> found(std::string_view config, std::string_view name) {
        Attempt<Credentials> out = Credentials{};
        run(loop, find(*parse_docker_config(config, "config.json"), image(name), out));
        return out;
    }
};

// base64 of user:pa:ss
constexpr const char* kFile = R"({"auths":{"https://index.docker.io/v1/":{"auth":"dXNlcjpwYTpzcw=="},
    "ghcr.io":{"auth":"dXNlcjpwYTpzcw==","identitytoken":"id"},"https://old.example/v2/":{"auth":"dXNlcjpwYTpzcw=="},
    "empty.example":{}},"HttpHeaders":{}})";

TEST_F(CredentialsTest, AreReadFromTheFile) {
    auto hub = found(kFile, "team/app");

    ASSERT_TRUE(hub);
    EXPECT_EQ(hub->user, "user");
    EXPECT_EQ(hub->password.reveal(), "pa:ss") << "only the first colon separates";
    EXPECT_EQ(hub->origin, "config.json");
    EXPECT_EQ(found(kFile, "ghcr.io/a/b")->identity_token.reveal(), "id");
    EXPECT_EQ(found(kFile, "old.example/a")->user, "user");
    EXPECT_TRUE(found(kFile, "empty.example/a")->empty());
    EXPECT_TRUE(found(kFile, "other.example/a")->empty());
}

TEST_F(CredentialsTest, AreAskedOfTheHostsOwnHelperFirst) {
    helper(
        "own",
        R"(read server; [ "$1" = get ] && echo "{\"ServerURL\":\"$server\",\"Username\":\"$server\",\"Secret\":\"s\"}")");
    helper("store", "exit 1");

    auto answer =
        found(R"({"credsStore":"store","credHelpers":{"r.example:5000":"own"}})", "r.example:5000/a");

    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->user, "r.example:5000") << "the server came on standard input";
    EXPECT_EQ(answer->password.reveal(), "s");
    EXPECT_EQ(answer->origin, "docker-credential-own");
}

TEST_F(CredentialsTest, TakeAnIdentityTokenFromAHelper) {
    helper("store", R"(echo '{"Username":"<token>","Secret":"id"}'; echo noise >&2)");

    auto answer = found(R"({"credsStore":"store"})", "app");

    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->identity_token.reveal(), "id");
    EXPECT_TRUE(answer->password.empty());
}

TEST_F(CredentialsTest, AreNoneWhenTheStoreHasNone) {
    helper("store", "echo credentials not found in native keychain; exit 1");

    EXPECT_TRUE(found(R"({"credsStore":"store"})", "app")->empty());
}

TEST_F(CredentialsTest, SayWhyAHelperFailed) {
    helper("store", "echo the keyring is locked; exit 1");
    helper("mute", "exit 3");
    helper("odd", "echo '{}'");

    EXPECT_EQ(found(R"({"credsStore":"store"})", "r.example/a").error().what,
              "the credential helper docker-credential-store failed for r.example: the keyring is locked");
    EXPECT_EQ(found(R"({"credsStore":"mute"})", "r.example/a").error().what,
              "the credential helper docker-credential-mute failed for r.example: exit code 3");
    EXPECT_EQ(found(R"({"credsStore":"odd"})", "r.example/a").error().what,
              "the credential helper docker-credential-odd failed for r.example: its answer holds no Secret");
    EXPECT_EQ(found(R"({"credsStore":"gone"})", "r.example/a").error().what,
              "the credential helper docker-credential-gone failed for r.example: there is no such program "
              "on PATH");
}

TEST(DockerConfig, SaysWhatIsWrongWithoutTellingASecret) {
    EXPECT_EQ(problem_of("{"), "config.json is not a JSON object; repair it or run docker login anew");
    EXPECT_EQ(problem_of(R"({"auths":{"r":{"auth":"c2VjcmV0"}}})"),
              "config.json: auths.r.auth is not the base64 of user:password; run docker login r");
    EXPECT_EQ(problem_of(R"({"credsStore":"../../bin/sh"})"),
              "config.json: credsStore cannot be the name of a helper");
    EXPECT_EQ(problem_of(R"({"credHelpers":{"r":7}})"),
              "config.json: credHelpers.r cannot be the name of a helper");
    EXPECT_EQ(problem_of(R"({"auths":[],"credHelpers":null,"unknown":1})"), "fine");
}

TEST(DockerConfig, IsReadFromTheFolderThatIsNamed) {
    TemporaryFolder folder;
    setenv("DOCKER_CONFIG", folder.path().c_str(), 1);
    EXPECT_TRUE(read_docker_config()->auths.empty()) << "no file, no credentials";
    std::ofstream(folder.path() / "config.json") << kFile;

    auto config = read_docker_config();
    unsetenv("DOCKER_CONFIG");

    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(config->auths.size(), 4u);
}

}  // namespace
}  // namespace seance::images
