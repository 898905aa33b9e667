#include "services/litellm/domain/access.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

http::FieldViews fields(std::initializer_list<http::Field> list) {
    http::FieldViews views;
    for (auto field : list) views.add(field);
    return views;
}

std::optional<std::string> of(const Config& config, const http::FieldViews& views) {
    return find_key(views, config.key_header);
}

Config with_key(std::string key) {
    Config config;
    config.master_key = SecretText(std::move(key));
    return config;
}

}  // namespace

TEST(Access, TakesGeminisKeyFromTheQueryWhereItsClientsSendIt) {
    http::RequestHead head;
    head.target = "/gemini/v1beta/models/x:generateContent?alt=sse&key=sk-1";
    EXPECT_EQ(find_key(head, ""), "sk-1");
    head.fields.add({"x-goog-api-key", "sk-2"});
    EXPECT_EQ(find_key(head, ""), "sk-2");

    http::RequestHead other;
    other.target = "/v1/models?key=sk-1";
    EXPECT_EQ(find_key(other, ""), std::nullopt);
}

TEST(Access, TakesTheKeyFromTheFirstHeaderThatHoldsOne) {
    EXPECT_EQ(find_key(fields({{"Authorization", "Bearer a"}}), ""), "a");
    EXPECT_EQ(find_key(fields({{"authorization", "bearer  a "}, {"api-key", "b"}}), ""), "a");
    EXPECT_EQ(find_key(fields({{"api-key", "b"}, {"x-litellm-api-key", "Bearer c"}}), ""), "c");
    EXPECT_EQ(find_key(fields({{"x-api-key", "d"}}), ""), "d");
    EXPECT_EQ(find_key(fields({{"Authorization", "Bearer a"}, {"X-Mine", "e"}}), "x-mine"), "e");
    EXPECT_EQ(find_key(fields({{"Authorization", "a"}}), ""), "") << "a bare value there is no key";
    EXPECT_FALSE(find_key(fields({{"Cookie", "x"}}), ""));
}

TEST(Access, OpensForTheMasterKeyAlone) {
    auto config = with_key("sk-master");

    EXPECT_FALSE(check_key(config, of(config, fields({{"Authorization", "Bearer sk-master"}})), false));
    EXPECT_EQ(check_key(config, of(config, fields({})), false)->status, 401);
    auto odd = check_key(config, of(config, fields({{"Authorization", "Bearer wrongwrongwrong"}})), false);
    EXPECT_EQ(odd->status, 401);
    EXPECT_THAT(odd->message, AllOf(HasSubstr("wron****rong"), Not(HasSubstr("wrongwrong"))));
    auto virtual_key = check_key(config, of(config, fields({{"Authorization", "Bearer sk-master2"}})), false);
    EXPECT_EQ(virtual_key->status, 400);
    EXPECT_EQ(virtual_key->type, "no_db_connection");
}

TEST(Access, StaysClosedWhenTheMasterKeyHasNoValueUnlessOnlyThisMachineCanConnect) {
    Config config;
    EXPECT_FALSE(check_key(config, of(config, fields({})), false)) << "no master key asked for: open";
    config.master_key_problem = "os.environ/X is not set";

    EXPECT_EQ(check_key(config, of(config, fields({})), false)->status, 401);
    EXPECT_FALSE(check_key(config, of(config, fields({})), true));
}

TEST(Access, StaysClosedWhereAnotherCheckOfClientsIsAskedForAndThereIsNoMasterKey) {
    Config config;
    config.other_auth = "general_settings.custom_auth";

    EXPECT_EQ(check_key(config, of(config, fields({})), true)->status, 401) << "on loopback too";
    EXPECT_THAT(check_key(config, of(config, fields({})), false)->message,
                HasSubstr("asks for general_settings.custom_auth, which is not available"));
    config.master_key = SecretText("sk-master");
    EXPECT_FALSE(check_key(config, of(config, fields({{"Authorization", "Bearer sk-master"}})), false));
}

TEST(Access, LetsInWhoComesFromAnAllowedAddressToAnAllowedRoute) {
    Config config;
    EXPECT_FALSE(check_place(config, "198.51.100.1", "/v1/models")) << "no list: all";
    config.allowed_addresses = *proxy::Networks::parse({"203.0.113.9", "10.0.0.0/8"});
    config.allowed_routes = {"/chat/*", "LiteLLMRoutes.info_routes"};

    EXPECT_FALSE(check_place(config, "203.0.113.9", "/chat/completions"));
    EXPECT_FALSE(check_place(config, "10.1.2.3", "/v1/models"));
    EXPECT_EQ(check_place(config, "198.51.100.1", "/v1/models")->message,
              "Access forbidden: IP address not allowed.");
    EXPECT_EQ(check_place(config, "", "/v1/models")->status, 403);
    EXPECT_EQ(check_place(config, "10.1.2.3", "/key/generate")->message, "Route /key/generate not allowed");
    EXPECT_FALSE(check_place(config, "198.51.100.1", "/health/liveliness"));
}

TEST(Access, BelievesAProxyNearbyAboutTheClientIfThatIsWanted) {
    Config config;
    auto said = [&](std::string_view peer, std::string_view list) {
        return client_address(config, peer, fields({{"X-Forwarded-For", list}}));
    };
    EXPECT_EQ(said("127.0.0.1", "203.0.113.9"), "127.0.0.1");
    config.use_forwarded_for = true;

    EXPECT_EQ(said("127.0.0.1", "203.0.113.9"), "203.0.113.9");
    EXPECT_EQ(said("127.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2"), "203.0.113.9")
        << "what a client wrote itself stands further left";
    EXPECT_EQ(said("127.0.0.1", "10.0.0.1, 10.0.0.7"), "10.0.0.7");
    EXPECT_EQ(said("198.51.100.1", "203.0.113.9"), "198.51.100.1") << "anybody can say anything";
    EXPECT_EQ(said("127.0.0.1", "nobody"), "127.0.0.1");
}

TEST(Access, OpensAndClosesRoutesAsTheListsSay) {
    Config config;
    config.public_routes = {"LiteLLMRoutes.public_routes", "/spend/calculate", "/open/*"};
    config.admin_only_routes = {"/v1/embeddings", "/key/info"};

    EXPECT_TRUE(is_public_route(config, "/spend/calculate"));
    EXPECT_TRUE(is_public_route(config, "/open/a"));
    EXPECT_FALSE(is_public_route(config, "/v1/models"));
    EXPECT_TRUE(is_admin_route(config, "/embeddings")) << "the same route by its other name";
    EXPECT_FALSE(is_admin_route(config, "/key/list"));
}

}  // namespace seance::litellm
