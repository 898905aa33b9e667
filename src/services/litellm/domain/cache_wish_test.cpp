#include "services/litellm/domain/cache_wish.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {
namespace {

using namespace std::chrono_literals;

std::string hash_of(std::string_view body) {
    return cache_hash("acompletion", "big", *parse_json(body));
}

CacheWish wish_for(std::string_view body, CacheConfig config = {}, http::FieldViews fields = {},
                   const std::vector<std::string>& allowed = {}) {
    config.enabled = true;
    auto wish = read_cache_wish(config, "acompletion", "big", *parse_json(body), fields, allowed);
    return wish ? *wish : CacheWish{};
}

TEST(CacheHash, IsTheSameForTheSameQuestionHoweverItIsWritten) {
    auto hash = hash_of(R"({"messages":[{"role":"user","content":"a b"}],"temperature":1,"model":"big"})");

    EXPECT_EQ(hash, hash_of(R"({ "temperature": 1, "messages": [ {"role": "user", "content": "a b"} ] })"));
    EXPECT_EQ(hash, hash_of(R"({"messages":[{"role":"user","content":"a b"}],"temperature":1,"stream":true,
        "user":"u","metadata":{"x":1},"num_retries":3,"cache":{"ttl":5}})"));
    EXPECT_NE(hash, hash_of(R"({"messages":[{"role":"user","content":"a  b"}],"temperature":1})"));
    EXPECT_NE(hash, hash_of(R"({"messages":[{"role":"user","content":"a b"}],"temperature":1,"top_k":3})"));
    EXPECT_NE(hash,
              cache_hash("acompletion", "small",
                         *parse_json(R"({"messages":[{"role":"user","content":"a b"}],"temperature":1})")));
}

TEST(CacheHash, KeepsEscapedQuotesApart) {
    EXPECT_NE(hash_of(R"({"stop":"\" x"})"), hash_of(R"({"stop":"\"x"})"));
}

TEST(CacheWish, FollowsTheControlsOfARequest) {
    EXPECT_TRUE(wish_for("{}").read);
    EXPECT_FALSE(wish_for(R"({"cache":{"no-cache":true}})").read);
    EXPECT_TRUE(wish_for(R"({"cache":{"no-cache":true}})").write);
    EXPECT_FALSE(wish_for(R"({"cache":{"no-store":true}})").write);
    EXPECT_EQ(wish_for(R"({"cache":{"ttl":5,"s-maxage":7}})").ttl, 5s);
    EXPECT_EQ(wish_for(R"({"cache":{"s-max-age":7}})").max_age, 7s);
    EXPECT_TRUE(wish_for(R"({"cache":{"namespace":"n"}})").key.starts_with("n:"));
}

TEST(CacheWish, IsOptInWhenTheModeIsDefaultOff) {
    CacheConfig config;
    config.by_default = false;

    EXPECT_FALSE(wish_for("{}", config).any());
    EXPECT_TRUE(wish_for(R"({"cache":{"use-cache":true}})", config).read);
}

TEST(CacheWish, NamesAnswersByTheCachingGroupOfTheirModel) {
    CacheConfig config;
    config.groups = {{"big", "bigger"}, {"small"}};
    auto key = [&](std::string_view group) {
        config.enabled = true;
        return read_cache_wish(config, "acompletion", group, *parse_json("{}"), {}, {})->key;
    };

    EXPECT_EQ(key("big"), key("bigger"));
    EXPECT_NE(key("big"), key("small"));
    EXPECT_NE(key("big"), key("other"));
}

TEST(CacheWish, IsNoneWhereTheRequestSaysSo) {
    EXPECT_FALSE(wish_for(R"({"caching":false})").any());
    EXPECT_TRUE(wish_for(R"({"caching":true})").read);
}

TEST(CacheWish, ReadsCacheControl) {
    http::FieldViews fields;
    fields.add({"cache-control", "No-Store, max-age=9"});

    auto wish = wish_for("{}", {}, fields);

    EXPECT_FALSE(wish.write);
    EXPECT_EQ(wish.max_age, 9s);
}

TEST(CacheWish, RefusesControlsThatAKeyMayNotUse) {
    CacheConfig config;
    config.enabled = true;

    auto wish = read_cache_wish(config, "acompletion", "big", *parse_json(R"({"cache":{"no-store":true}})"),
                                {}, {"no-cache"});

    ASSERT_FALSE(wish);
    EXPECT_EQ(wish.error().status, 403);
}

}  // namespace
}  // namespace seance::litellm
