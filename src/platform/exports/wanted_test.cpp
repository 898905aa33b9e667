#include "platform/exports/wanted.hpp"

#include <gmock/gmock.h>

#include "tests/support/shop_stack.hpp"

namespace seance::exports {
namespace {

using testing::ElementsAre;
using testing_support::ShopStack;

const Unit& unit_of(const Wanted& wanted, std::string_view name) {
    for (const auto& unit : wanted.units)
        if (unit.service->name == name) return unit;
    throw std::out_of_range(std::string(name));
}

Wanted fill(const ShopStack& shop) {
    return *fill_in(shop.request(), [](std::string_view name) { return std::string(name) + ".inside"; });
}

TEST(FillIn, PutsInWhatFollowsFromTheStack) {
    const ShopStack shop;

    const auto wanted = fill(shop);

    const auto& api = unit_of(wanted, "api");
    EXPECT_EQ(api.image, "registry.example/team/shop-api:1a2b3c4");
    EXPECT_EQ(api.host, "api.shop.example");
    EXPECT_EQ(text_of(api.variables.at("DB")), "db.inside:6379");
    EXPECT_EQ(text_of(api.variables.at("SELF")), "https://api.shop.example");
    EXPECT_EQ(text_of(api.variables.at("PRICE")), "$5 p");
    EXPECT_EQ(text_of(api.variables.at("PORT")), "8000");
    EXPECT_EQ(unit_of(wanted, "db").image, "db:8");
    EXPECT_EQ(unit_of(wanted, "web").host, "shop.example");
    EXPECT_THAT(unit_of(wanted, "db").start, ElementsAre("db-server", "--save", "", "--dir", "/data"));
    EXPECT_THAT(wanted.cors_origins, ElementsAre("https://shop.example"));
}

TEST(FillIn, PutsEachServiceAfterThoseItNeeds) {
    const ShopStack shop;

    std::vector<std::string> names;
    for (const auto& unit : fill(shop).units) names.push_back(unit.service->name);

    EXPECT_THAT(names, ElementsAre("web", "db", "worker", "admin", "api"));
}

TEST(FillIn, KnowsOfASecretItsNameAlone) {
    const ShopStack shop;
    const auto wanted = fill(shop);
    const auto& api = unit_of(wanted, "api");

    ASSERT_EQ(api.variables.at("URL").size(), 3U);
    EXPECT_EQ(api.variables.at("URL")[1].kind, Piece::Secret);
    EXPECT_EQ(api.variables.at("URL")[1].text, "api_key");
    EXPECT_EQ(api.variables.at("KEY_HASH")[0].kind, Piece::SecretHash);
    std::vector<std::string> names;
    for (const auto& secret : secret_variables(shop.request(), api))
        names.push_back(secret.name + (secret.required ? "!" : "") + secret.made_of);
    EXPECT_THAT(names, ElementsAre("STRIPE_KEY", "DB_PASSWORD!", "KEY_HASH!${secret_sha256.api_key}",
                                   "URL!https://user:${secret.api_key}@host"));
}

TEST(FillIn, FindsClientsByNeedsAndByAddresses) {
    const ShopStack shop;
    const auto wanted = fill(shop);

    EXPECT_THAT(unit_of(wanted, "db").clients, ElementsAre("admin", "api"));
    EXPECT_THAT(unit_of(wanted, "worker").clients, ElementsAre("api"));
    EXPECT_THAT(unit_of(wanted, "api").clients, testing::IsEmpty());
}

TEST(FillIn, TakesAGivenImageInstead) {
    ShopStack shop;
    shop.images["api"] = "other/api@sha256:abc";

    EXPECT_EQ(unit_of(fill(shop), "api").image, "other/api@sha256:abc");
}

}  // namespace
}  // namespace seance::exports
