#include "core/base/base64.hpp"
#include "tests/integration/images/fixture.hpp"
#include "tests/integration/images/token_server.hpp"

// Signing in at the reference registry: by password (htpasswd) and by tokens.
namespace seance::images {
namespace {

using testing::HasSubstr;

Credentials signed_in(const std::string& user, const std::string& password) {
    Credentials out;
    out.user = user;
    out.password = SecretText(password);
    out.origin = "config.json";
    return out;
}

struct BasicSignIn : testing::Test {
    TemporaryFolder folder;
    std::unique_ptr<RegistryProcess> server;
    RegistryUser user;

    void SetUp() override {
        if (!have_registry())
            GTEST_SKIP() << "docker-registry is not installed (apt install docker-registry)";
        auto path = (folder.path() / "htpasswd").string();
        std::ofstream(path) << "builder:$2b$05$abcdefghijklmnopqrstuuDIEddBSuRWBBEY6g5zv60IAP5bSSfki\n";
        server = std::make_unique<RegistryProcess>("  htpasswd:\n    realm: test\n    path: " + path + "\n");
    }
    Reference name(const std::string& rest) { return user.name(server->host(), rest); }
};

TEST_F(BasicSignIn, PushesAndPullsWithAPassword) {
    auto image = random_image(1000);

    auto pushed = user.push(image, name("app:1"), signed_in("builder", "pass:word"));

    ASSERT_TRUE(pushed) << pushed.error().what;
    EXPECT_EQ(user.resolve(name("app:1"), signed_in("builder", "pass:word"))->digest, image->digest());
    EXPECT_TRUE(user.check(name("app"), signed_in("builder", "pass:word")));
}

TEST_F(BasicSignIn, FindsItsPasswordWhereDockerLoginLeftIt) {
    auto config = parse_docker_config(
        R"({"auths":{")" + server->host() + R"(":{"auth":")" + base64_encode("builder:pass:word") + R"("}}})",
        "config.json");
    Attempt<Credentials> found = Failure{};
    run(user.loop, find_into(*config, name("app:1"), found));

    auto pushed = user.push(random_image(1000), name("app:1"), *found);

    EXPECT_TRUE(pushed) << pushed.error().what;
}

TEST_F(BasicSignIn, SaysWhoWasRefused) {
    auto wrong = user.push(random_image(10), name("app:1"), signed_in("builder", "wrong"));
    auto nobody = user.push(random_image(10), name("app:1"));

    EXPECT_EQ(wrong.error().kind, FailureKind::Auth);
    EXPECT_THAT(wrong.error().what,
                HasSubstr("did not accept who asks: user \"builder\" (from config.json); run "
                          "docker login " +
                          server->host()));
    EXPECT_EQ(wrong.error().what.find("wrong"), std::string::npos) << "the password is not told";
    EXPECT_THAT(nobody.error().what, HasSubstr("nobody is signed in; run docker login"));
    EXPECT_EQ(user.check(name("app"), signed_in("builder", "wrong")).error().kind, FailureKind::Auth);
}

struct TokenSignIn : testing::Test {
    std::unique_ptr<TokenServer> tokens;
    std::unique_ptr<RegistryProcess> server;
    RegistryUser user;

    void SetUp() override {
        if (!have_registry())
            GTEST_SKIP() << "docker-registry is not installed (apt install docker-registry)";
        tokens = std::make_unique<TokenServer>("builder", "pass:word");
        server = std::make_unique<RegistryProcess>(tokens->configuration());
    }
    Reference name(const std::string& rest) { return user.name(server->host(), rest); }
};

TEST_F(TokenSignIn, PushesWithOneToken) {
    auto image = random_image(300'000);

    auto pushed = user.push(image, name("team/app:1"), signed_in("builder", "pass:word"));

    ASSERT_TRUE(pushed) << pushed.error().what;
    EXPECT_EQ(pushed->uploaded, 3u);
    EXPECT_EQ(tokens->requests().size(), 1u) << "one token for all of it";
    EXPECT_TRUE(user.check(name("team/app"), signed_in("builder", "pass:word")));
}

TEST_F(TokenSignIn, MayPullFromOneRepositoryToMountIntoAnother) {
    auto image = random_image(300'000);
    auto target = name("one:1");
    Registry registry(user.client, target, signed_in("builder", "pass:word"), user.options);
    ASSERT_TRUE(user.push(registry, image, target));

    auto mounted = user.push(registry, image, name("two:1"));

    ASSERT_TRUE(mounted) << mounted.error().what;
    EXPECT_EQ(mounted->mounted, 3u);
    EXPECT_EQ(mounted->bytes_sent, 0u);
}

TEST_F(TokenSignIn, SaysThatTheRightToPushIsMissing) {
    tokens->grant_pull_alone();

    auto pushed = user.push(random_image(10), name("app:1"), signed_in("builder", "pass:word"));

    ASSERT_FALSE(pushed);
    EXPECT_EQ(pushed.error().kind, FailureKind::Auth);
    EXPECT_THAT(pushed.error().what, HasSubstr("user \"builder\" (from config.json)"));
}

TEST_F(TokenSignIn, SaysThatTheTokenServerRefusedThePassword) {
    auto pushed = user.push(random_image(10), name("app:1"), signed_in("builder", "wrong"));

    ASSERT_FALSE(pushed);
    EXPECT_EQ(pushed.error().kind, FailureKind::Auth);
    EXPECT_THAT(pushed.error().what, HasSubstr("getting a token from 127.0.0.1:"));
    EXPECT_EQ(pushed.error().what.find("wrong)"), pushed.error().what.size() - 6) << "the server's own words";
}

}  // namespace
}  // namespace seance::images
