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

}  // namespace seance::litellm
