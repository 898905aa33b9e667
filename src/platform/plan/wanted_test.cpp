#include "platform/plan/wanted.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/hash.hpp"
#include "platform/stack/parse.hpp"

namespace seance::plan {
namespace {

using testing::HasSubstr;

constexpr const char* kStack = R"yaml(
project: shop
registry: docker.io/shop
environments:
  production:
    target: railway
    domain: shop.dev
    prefix: prod
    dns: cloudflare
    secrets: s.yaml
    require: {api: [DB_PASSWORD]}
    spaces: {bucket: shop-cdn, region: sfo3, cors: ["https://${domain}"]}
    drain: 45s
    start: {db: "db-server --dir /data"}
    env:
      api:
        BUCKET: ${spaces.endpoint}/${spaces.bucket}
        KEY_HASH: ${secret_sha256.api_key}
        DSN: "https://user:${secret.api_key}@host"
services:
  api:
    source: src/api
    port: 8000
    subdomain: api
    health: /up
    needs: [db]
    env: {DB: "${services.db.host}:${services.db.port}", SELF: "${url.api}", PREFIX: "${prefix}"}
    secrets: [STRIPE_KEY]
    stop_timeout: 60s
    replicas: 2
  db: {image: "db:8", port: 6379, volume: /data}
)yaml";

Ingredients ingredients() {
    Ingredients given;
    given.commit = "abc1234";
    given.images["api"] = {"docker.io/shop/api:abc1234@sha256:1", "content", "abc1234"};
    given.secrets.emplace();
    (*given.secrets)["seance"]["api_key"] = SecretText("sentinel-key");
    (*given.secrets)["api"]["DB_PASSWORD"] = SecretText("sentinel-password");
    return given;
}

Outcome<Wanted> make(const Ingredients& given, const std::string& text = kStack) {
    const auto parsed = stack::parse_stack(text);
    for (const auto& problem : parsed.problems) ADD_FAILURE() << print(problem, "stack.yaml");
    return make_wanted(parsed.stack, parsed.stack.environments.at(0), given);
}

Wanted made(const Ingredients& given) {
    auto wanted = make(given);
    if (wanted) return *wanted;
    ADD_FAILURE() << wanted.error().what;
    return {};
}

std::string text_of(const Wanted& wanted, const std::string& name) {
    const auto& variables = wanted.service("api")->variables;
    const auto found = variables.find(name);
    return found == variables.end() || !found->second.text ? "«none»" : found->second.text->reveal();
}

TEST(Wanted, PutsServicesAfterThoseTheyNeed) {
    const auto wanted = made(ingredients());

    ASSERT_EQ(wanted.services.size(), 2u);
    EXPECT_EQ(wanted.services[0].name, "db");
    EXPECT_EQ(wanted.services[1].name, "api");
}

TEST(Wanted, DerivesWhatNobodyShouldCopy) {
    const auto wanted = made(ingredients());

    EXPECT_EQ(text_of(wanted, "DB"), "db.railway.internal:6379");
    EXPECT_EQ(text_of(wanted, "SELF"), "https://api.shop.dev");
    EXPECT_EQ(text_of(wanted, "PREFIX"), "prod");
    EXPECT_EQ(text_of(wanted, "PORT"), "8000");
    EXPECT_EQ(text_of(wanted, "BUCKET"), "https://sfo3.digitaloceanspaces.com/shop-cdn");
    EXPECT_EQ(wanted.spaces->cors_origins, std::vector<std::string>{"https://shop.dev"});
}

TEST(Wanted, TakesTheSettingsOfTheManifestAndOurDefaultsForTheRest) {
    const auto wanted = made(ingredients());
    const auto &api = wanted.service("api")->settings, &db = wanted.service("db")->settings;

    EXPECT_EQ(api.health_path, "/up");
    EXPECT_EQ(api.replicas, 2);
    EXPECT_EQ(api.overlap_seconds, 20);
    EXPECT_EQ(api.drain_seconds, 60) << "as long as it may take to stop";
    EXPECT_EQ(db.drain_seconds, 45);
    EXPECT_EQ(db.start_command, "db-server --dir /data");
    EXPECT_EQ(wanted.service("db")->volume, "/data");
    EXPECT_TRUE(wanted.service("db")->image.empty()) << "not known, so not compared";
}

TEST(Wanted, KeepsValuesMadeOfSecretsHiddenAndTheirHashesNot) {
    const auto wanted = made(ingredients());
    const auto& variables = wanted.service("api")->variables;

    EXPECT_TRUE(variables.at("DSN").secret);
    EXPECT_TRUE(variables.at("DB_PASSWORD").secret);
    EXPECT_FALSE(variables.at("KEY_HASH").secret);
    EXPECT_EQ(text_of(wanted, "KEY_HASH"), sha256_hex("sentinel-key"));
}

TEST(Wanted, GivesAServiceASecretThatIsThereAndDoesWithoutOneThatIsOptional) {
    auto given = ingredients();
    EXPECT_FALSE(made(given).service("api")->variables.contains("STRIPE_KEY"));

    (*given.secrets)["api"]["STRIPE_KEY"] = SecretText("s");
    EXPECT_TRUE(made(given).service("api")->variables.contains("STRIPE_KEY"));
    EXPECT_FALSE(made(given).service("db")->variables.contains("STRIPE_KEY"));
}

TEST(Wanted, KnowsNamesAloneOfALockedFile) {
    auto given = ingredients();
    given.secrets.reset();
    given.secret_names["seance"] = {"api_key"};
    given.secret_names["api"] = {"DB_PASSWORD"};

    const auto wanted = made(given);

    for (const char* name : {"DB_PASSWORD", "DSN", "KEY_HASH"}) {
        ASSERT_TRUE(wanted.service("api")->variables.contains(name)) << name;
        EXPECT_FALSE(wanted.service("api")->variables.at(name).text) << name;
    }
}

TEST(Wanted, SaysEverythingThatIsMissingAtOnceAndNoValue) {
    auto given = ingredients();
    given.secrets->clear();

    const auto wanted = make(given);

    ASSERT_FALSE(wanted);
    EXPECT_THAT(wanted.error().what, HasSubstr("DB_PASSWORD of api is required"));
    EXPECT_THAT(wanted.error().what, HasSubstr("${secret.api_key}"));
    EXPECT_THAT(wanted.error().what, HasSubstr("${secret_sha256.api_key}"));
}

TEST(Wanted, RefusesVariablesThatSeanceOrRailwaySetThemselves) {
    for (const std::string name : {"SEANCE_COMMIT", "RAILWAY_STATIC_URL"}) {
        std::string text = kStack;
        text.replace(text.find("PREFIX:"), 6, name);

        const auto wanted = make(ingredients(), text);

        ASSERT_FALSE(wanted) << name;
        EXPECT_THAT(wanted.error().what, HasSubstr(name + " of api is a variable that"));
    }
}

TEST(Wanted, PutsOverWhatARehearsalHasMoved) {
    auto given = ingredients();
    given.overrides["spaces.endpoint"] = "http://127.0.0.1:9";

    EXPECT_EQ(text_of(made(given), "BUCKET"), "http://127.0.0.1:9/shop-cdn");
}

}  // namespace
}  // namespace seance::plan
