#include "platform/plan/import.hpp"

#include <gtest/gtest.h>

#include "platform/plan/fingerprint.hpp"
#include "platform/plan/plan.hpp"
#include "platform/stack/parse.hpp"
#include "platform/stack/print.hpp"

namespace seance::plan {
namespace {

const SecretText kKey("key");

void set(LiveService& service, const std::string& name, const std::string& value) {
    service.variables[name] = {fingerprint(kKey, service.name, name, value), SecretText(value), false};
}

// As somebody has made it in the dashboard.
Live by_hand() {
    Live live;
    live.project_id = "p";
    live.environment_id = "e";
    live.fingerprint_key = kKey;
    LiveService cache;
    cache.id = cache.name = "cache";
    cache.image = "redis:7";
    cache.volume_id = "v";
    cache.volume = "/data";
    LiveService web;
    web.id = web.name = "web";
    web.image = "shop/web:3";
    set(web, "CACHE_URL", "redis://cache.railway.internal:6379");
    set(web, "DATABASE_URL", "postgres://u:hunter2@db.example/x");
    set(web, "API_TOKEN", "hunter3");
    set(web, "GREETING", "a ${{shared.NAME}} b");
    web.domains.push_back({"d", "www.shop.dev", 3000, "", "", "", true, ""});
    live.services = {cache, web};
    for (auto& service : live.services) {
        service.settings.overlap_seconds = service.settings.drain_seconds = 0;
        service.settings.region = "us-west2";
        service.deployment = LiveDeployment{};
        service.deployment->active = true;
        service.deployment->image = service.image;
    }
    return live;
}

Plan plan_of(const Imported& imported, const Live& live) {
    Ingredients ingredients;
    ingredients.secrets.emplace();
    for (const auto& [service, names] : imported.secrets)
        for (const auto& name : names)
            (*ingredients.secrets)[service][name] = *live.service(service)->variables.at(name).text;
    for (const auto& service : imported.stack.services)
        ingredients.images[service.name] = {service.image, "", ""};
    const auto text = stack::print_stack(imported.stack);
    const auto parsed = stack::parse_stack(text);
    EXPECT_TRUE(parsed.problems.empty()) << text << print(parsed.problems.front(), "stack.yaml");
    const auto wanted = make_wanted(parsed.stack, parsed.stack.environments.front(), ingredients);
    EXPECT_TRUE(wanted) << wanted.error().what;
    return diff(*wanted, live);
}

TEST(Import, GivesAStackWhosePlanIsEmpty) {
    const auto live = by_hand();
    const auto imported = import_stack(live, {"My Shop", "production", {}, false, true, ""});
    const auto plan = plan_of(imported, live);
    for (const auto& change : plan.changes)
        ADD_FAILURE() << change.id() << " " << change.before << " → " << change.after;
    EXPECT_TRUE(imported.notes.empty());
}

TEST(Import, KeepsTheTimesOfEachService) {
    auto live = by_hand();
    auto &cache = live.services[0], &web = live.services[1];
    web.settings.health_path = "/up";
    web.settings.health_timeout_seconds = 120;
    web.settings.overlap_seconds = 45;
    cache.settings.drain_seconds = 12;

    const auto imported = import_stack(live, {"shop", "production", {}, false, true, ""});

    EXPECT_TRUE(plan_of(imported, live).empty());
    EXPECT_TRUE(imported.notes.empty());
}

TEST(Import, NeverCopiesWhatLooksSecret) {
    const auto imported = import_stack(by_hand(), {"shop", "production", {}, false, true, ""});
    EXPECT_EQ(stack::print_stack(imported.stack).find("hunter"), std::string::npos);
    EXPECT_EQ(imported.secrets.at("web"), (std::vector<std::string>{"API_TOKEN", "DATABASE_URL"}));
}

TEST(Import, TakesAnAddressWithoutAPasswordForNoSecret) {
    EXPECT_FALSE(looks_secret("VALKEY_URL", "redis://valkey.railway.internal:6379"));
    EXPECT_TRUE(looks_secret("VALKEY_URL", "redis://:hunter2@valkey.railway.internal:6379"));
    EXPECT_TRUE(looks_secret("VALKEY_KEY", "x"));
}

TEST(Import, SeesWhoNeedsWhom) {
    const auto imported = import_stack(by_hand(), {"shop", "production", {}, false, true, ""});
    const auto* web = imported.stack.service("web");
    EXPECT_EQ(web->needs, std::vector<std::string>{"cache"});
    EXPECT_EQ(web->env.at("CACHE_URL"), "redis://${services.cache.host}:6379");
    EXPECT_EQ(web->env.at("GREETING"), "a $${{shared.NAME}} b");
}

TEST(Import, TellsWhatItLeavesOut) {
    auto live = by_hand();
    live.services[0].name = "My Cache";
    const auto imported = import_stack(live, {"shop", "production", {"web"}, false, true, ""});
    EXPECT_TRUE(imported.stack.services.empty());
    EXPECT_EQ(imported.notes.size(), 2u);
}

TEST(Import, KnowsSecretsByNameAndByValue) {
    EXPECT_TRUE(looks_secret("STRIPE_SECRET_KEY", "x"));
    EXPECT_TRUE(looks_secret("CACHE_URL", "redis://:pw@host:1/0"));
    EXPECT_FALSE(looks_secret("CACHE_URL", "redis://host:1/0"));
    EXPECT_FALSE(looks_secret("MAIL", "https://host/a:b@c"));
    EXPECT_TRUE(looks_secret("MODE", "sk-0123456789abcdefghijkl"));
    EXPECT_FALSE(looks_secret("MODE", "a-rather-long-word-of-letters"));
    EXPECT_FALSE(looks_secret("FOLDER", "/var/lib/something/long/v2"));
    EXPECT_TRUE(looks_secret("TEXT", "-----BEGIN RSA PRIVATE KEY-----"));
}

TEST(Import, FindsTheDomainOfMostNames) {
    EXPECT_EQ(common_domain({"seance.dev", "a.seance.dev", "b.seance.dev"}), "seance.dev");
    EXPECT_EQ(common_domain({"a.seance.dev", "b.seance.dev", "other.example"}), "seance.dev");
    EXPECT_EQ(common_domain({"seance.dev"}), "seance.dev");
}

}  // namespace
}  // namespace seance::plan
