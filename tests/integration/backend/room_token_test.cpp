#include "core/base/room_token.hpp"
#include "tests/integration/backend/backend_process.hpp"

namespace seance {
namespace {

using namespace testing_support;

const std::string kIssuerKey(64, 'b');
const std::string kSecret = "a key of thirty-two characters ..";

Child::Environment configured() {
    return {{"ROOM_TOKEN_SECRET", kSecret}, {"ROOM_ISSUER_KEY_HASHES", sha256_hex(kIssuerKey)}};
}

HttpAnswer ask(const Backend& backend, const std::string& body, const std::string& key = kIssuerKey) {
    return call(backend.port(), "POST", "/rooms/token",
                {{"X-Issuer-Key", key}, {"Content-Type", "application/json"}}, body);
}

TEST(BackendRoomTokens, AreIssuedToWhoHoldsAnIssuerKey) {
    Backend backend(configured());

    auto answer = ask(backend, R"({"topics":["kitchen"],"access":"read"})");

    EXPECT_EQ(answer.status, 201);
    auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    auto token = verify_room_token(answer.text("token"), SecretText(kSecret), now);
    ASSERT_TRUE(token) << token.error().what;
    EXPECT_TRUE(token->names("kitchen"));
    EXPECT_FALSE(token->write);
    EXPECT_EQ(backend.log().find(answer.text("token")), std::string::npos);
}

TEST(BackendRoomTokens, AreRefusedToOthersAndForBadRequests) {
    Backend backend(configured());

    EXPECT_EQ(ask(backend, R"({"topics":["a"]})", kBuilderKey).status, 401);
    EXPECT_EQ(call(backend.port(), "POST", "/rooms/token", {}, "{}").status, 401);
    auto bad = ask(backend, "{}");
    EXPECT_EQ(bad.status, 400);
    EXPECT_EQ(bad.text("message"), "name at least one room, in topics or topicPrefixes");
    EXPECT_EQ(ask(backend, R"({"topics":[")" + std::string(5000, 'x') + "\"]}").status, 400);
}

TEST(BackendRoomTokens, AreNotIssuedUntilTheyAreConfigured) {
    Backend backend;
    EXPECT_EQ(ask(backend, R"({"topics":["a"]})").status, 503);
}

}  // namespace
}  // namespace seance
