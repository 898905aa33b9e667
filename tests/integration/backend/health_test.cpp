#include "tests/integration/backend/backend_process.hpp"

namespace seance {
namespace {

using namespace testing_support;

template <class Condition>
bool becomes(Condition condition) {
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(15);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

std::string valkey_status(const Backend& backend) {
    return backend.get("/health").json().at("valkey").at("status").as_string().c_str();
}

TEST(BackendHealth, SaysWhatItIsAndWhatItHas) {
    Backend backend;
    ASSERT_TRUE(becomes([&] { return valkey_status(backend) == "connected"; }));

    for (auto target : {"/", "/health"}) {
        auto answer = backend.get(target);
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.text("status"), "healthy");
        EXPECT_EQ(answer.text("service"), "seance-backend");
        EXPECT_NE(answer.text("timestamp"), "");
        EXPECT_NE(answer.text("commit"), "");
        EXPECT_EQ(answer.json().at("degraded"), boost::json::array());
        EXPECT_EQ(answer.json().at("store").at("kind"), "directory");
    }
}

TEST(BackendHealth, StaysUpWithoutValkeyAndShowsIt) {
    Backend backend;
    ASSERT_TRUE(becomes([&] { return valkey_status(backend) == "connected"; }));

    backend.valkey.kill();
    ASSERT_TRUE(becomes([&] { return valkey_status(backend) == "disconnected"; }));
    auto answer = backend.get("/");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.text("status"), "healthy");
    EXPECT_EQ(answer.json().at("degraded").at(0), "valkey");

    backend.valkey.start();
    EXPECT_TRUE(becomes([&] { return valkey_status(backend) == "connected"; }));
}

TEST(BackendHealth, AnswersAtOnceWhileValkeyIsFrozen) {
    Backend backend;
    ASSERT_TRUE(becomes([&] { return valkey_status(backend) == "connected"; }));

    backend.valkey.freeze();
    auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) EXPECT_EQ(backend.get("/health").status, 200);

    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
    backend.valkey.thaw();
}

TEST(BackendRoutes, AnswerUnknownPathsAndBillingInJson) {
    Backend backend;

    auto unknown = backend.get("/nothing");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(unknown.body, R"({"error":"Not found"})");
    auto webhook = call(backend.port(), "POST", "/stripe/webhook", {}, "{}");
    EXPECT_EQ(webhook.status, 503);
    EXPECT_NE(webhook.text("message").find("STRIPE_SECRET_KEY"), std::string::npos);
    EXPECT_EQ(backend.get("/api/stripe/subscription").status, 503);
}

TEST(BackendRoutes, ShareAnswersWithAllowedOriginsOnly) {
    Backend backend(Child::Environment{{"ALLOWED_ORIGINS", "https://seance.dev,https://app.seance.dev"}});
    auto preflight = [&](const std::string& origin) {
        return call(backend.port(), "OPTIONS", "/deploy",
                    {{"Origin", origin},
                     {"Access-Control-Request-Method", "POST"},
                     {"Access-Control-Request-Headers", "x-builder-key"}});
    };

    auto friendly = call(backend.port(), "GET", "/", {{"Origin", "https://app.seance.dev"}});
    auto strange = call(backend.port(), "GET", "/", {{"Origin", "https://evil.test"}});

    EXPECT_NE(friendly.head.find("Access-Control-Allow-Origin: https://app.seance.dev"), std::string::npos)
        << friendly.head;
    EXPECT_NE(friendly.head.find("Vary: Origin"), std::string::npos);
    EXPECT_EQ(strange.head.find("Access-Control"), std::string::npos);
    EXPECT_EQ(preflight("https://seance.dev").status, 204);
    EXPECT_NE(preflight("https://seance.dev").head.find("Access-Control-Allow-Headers: x-builder-key"),
              std::string::npos);
    EXPECT_EQ(preflight("https://evil.test").head.find("Access-Control"), std::string::npos);
}

TEST(BackendStart, ListsEveryProblemOfItsSettings) {
    TemporaryFolder folder;
    auto output = folder.path() / "out";
    std::vector<std::string> arguments{program("seance-backend")};

    Child child(arguments, output.string(),
                {{"OBJECT_STORE", "floppy"}, {"PORT", "x"}, {"BUILDER_KEY_HASHES", "secret-key"}});

    EXPECT_EQ(child.wait(), 65);
    std::stringstream text;
    text << std::ifstream(output).rdbuf();
    for (auto name : {"OBJECT_STORE", "PORT", "BUILDER_KEY_HASHES"})
        EXPECT_NE(text.str().find(name), std::string::npos) << text.str();
    EXPECT_EQ(text.str().find("secret-key"), std::string::npos);
}

}  // namespace
}  // namespace seance
