#include "platform/stack/parse.hpp"

#include <gmock/gmock.h>

namespace seance::stack {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// Lines 1 to 4; what a test writes starts on line 5.
constexpr std::string_view kHead =
    "project: shop\n"
    "environments:\n"
    "  local: {target: local, domain: shop.localhost, generate: {api_key: sk-}, sinks: [mail]}\n"
    "services:\n";

std::vector<std::string> problems(std::string_view services) {
    std::vector<std::string> lines;
    for (const auto& finding : parse_stack(std::string(kHead) + std::string(services)).problems)
        lines.push_back(print(finding, "stack.yaml"));
    return lines;
}

TEST(ParseStack, ReadsAServiceInFull) {
    std::string text(kHead);
    text +=
        "  api:\n"
        "    program: [shop-api, other]\n"
        "    args: [--port, \"${port}\"]\n"
        "    port: 8000\n"
        "    subdomain: api\n"
        "    health: /health\n"
        "    needs: [db]\n"
        "    env: {DB_PORT: \"${services.db.port}\", FLAG: yes}\n"
        "    secrets: [STRIPE_KEY]\n"
        "    resources: {cpu: 0.5, memory: 1GB}\n"
        "    restart: on-failure\n"
        "    stop_timeout: 3s\n"
        "    verify: [chat: {key: \"${secret.api_key}\", model: mock}]\n"
        "  db: {program: db, image: db:8, port: 6379, health: redis-ping, volume: /data}\n";

    auto parsed = parse_stack(text);

    EXPECT_THAT(parsed.problems, testing::IsEmpty());
    const auto& api = *parsed.stack.service("api");
    EXPECT_THAT(api.programs, ElementsAre("shop-api", "other"));
    EXPECT_EQ(api.port, 8000);
    EXPECT_EQ(api.health.path, "/health");
    EXPECT_EQ(api.env.at("FLAG"), "yes");
    EXPECT_EQ(api.resources.memory_mb, 1024U);
    EXPECT_EQ(api.restart, Restart::OnFailure);
    EXPECT_EQ(api.stop_timeout, std::chrono::seconds(3));
    EXPECT_EQ(api.verify.at(0).kind, Check::Chat);
    EXPECT_EQ(parsed.stack.service("db")->health.kind, HealthCheck::RedisPing);
    EXPECT_THAT(start_order(parsed.stack), ElementsAre(1, 0));
}

TEST(ParseStack, NamesTheLineAndTheLikelyKeyOfATypo) {
    EXPECT_THAT(problems("  api:\n    program: a\n    port: 80\n    helth: /health\n"),
                ElementsAre("stack.yaml:8: unknown key \"helth\" in service api (did you mean health?)"));
}

TEST(ParseStack, RefusesARepeatedKeyAndNamesTheFirst) {
    EXPECT_THAT(problems("  api:\n    program: a\n    port: 80\n    port: 81\n"),
                ElementsAre("stack.yaml:8: \"port\" appears twice in service api; the first is on line 7"));
}

TEST(ParseStack, RefusesAWrongType) {
    EXPECT_THAT(
        problems("  api:\n    program: a\n    port: eighty\n"),
        ElementsAre(
            "stack.yaml:7: port of service api must be a whole number from 1 to 65535, not \"eighty\""));
    EXPECT_THAT(problems("  api:\n    program: a\n    port: 80\n    env: [A, B]\n"),
                ElementsAre("stack.yaml:8: env of service api must be a mapping, not a list"));
    EXPECT_THAT(problems("  api:\n    program: a\n    port: 80\n    needs: db\n"),
                ElementsAre("stack.yaml:8: needs of service api must be a list, not a text"));
    EXPECT_THAT(
        problems("  api:\n    program: a\n    port: 80\n    stop_timeout: 5\n"),
        ElementsAre(
            "stack.yaml:8: stop_timeout of service api must be a time with its unit, such as 30s or 2m"));
    EXPECT_THAT(problems("  api:\n    program: a\n    port: 80\n    resources: {memory: 5 bananas}\n"),
                ElementsAre("stack.yaml:8: memory in resources of service api must be a whole number of MB "
                            "or GB, such as 512MB"));
}

TEST(ParseStack, RefusesANeedThatNobodySatisfies) {
    EXPECT_THAT(
        problems("  api:\n    program: a\n    port: 80\n    needs: [vallkey]\n  valkey: {program: v, port: "
                 "6379}\n"),
        ElementsAre("stack.yaml:8: api needs \"vallkey\", which is no service (did you mean valkey?)"));
}

TEST(ParseStack, TellsACircleOfNeedsOnce) {
    EXPECT_THAT(problems("  a: {program: a, port: 1, needs: [b]}\n"
                         "  b: {program: b, port: 2, needs: [c]}\n"
                         "  c: {program: c, port: 3, needs: [a]}\n"),
                ElementsAre("stack.yaml:5: services need each other in a circle: a -> b -> c -> a"));
}

TEST(ParseStack, RefusesTwoServicesOnOneAddress) {
    EXPECT_THAT(problems("  a: {program: a, port: 80, subdomain: www, local_port: 5000}\n"
                         "  b:\n    program: b\n    port: 80\n    subdomain: www\n    local_port: 5000\n"),
                ElementsAre("stack.yaml:9: a and b both want the subdomain www",
                            "stack.yaml:10: a and b both want port 5000 of this machine"));
}

TEST(ParseStack, RefusesAReferenceToWhatIsNotThere) {
    EXPECT_THAT(
        problems("  api:\n    program: a\n    port: 80\n    env:\n      DB: ${services.bd.port}\n"
                 "  db: {program: d, port: 1}\n"),
        ElementsAre("stack.yaml:9: DB of api refers to ${services.bd.port}, which environment local does not "
                    "have (did you mean services.db.port?)"));
    EXPECT_THAT(problems("  api:\n    program: a\n    port: 80\n    env:\n      DB: ${port\n"),
                ElementsAre(HasSubstr("stack.yaml:9: DB of api: \"${port\" has a ${ without its }")));
}

TEST(ParseStack, GivesEveryProblemAtOnceMisspeltKeysFirstThenInTheOrderOfTheirLines) {
    EXPECT_THAT(
        problems("  api:\n    prot: 80\n    health: health\n    restart: sometimes\n  logs: {program: l, "
                 "port: 1}\n"),
        ElementsAre(HasSubstr(":6: unknown key \"prot\" in service api (did you mean port?)"),
                    HasSubstr(":5: service api has neither program nor image nor source"),
                    HasSubstr(":5: service api has no port"),
                    HasSubstr(":5: service api has no program, which the local environment local needs"),
                    HasSubstr(":7: health of service api is \"health\"; it must be a path"),
                    HasSubstr(":8: restart of service api is \"sometimes\"; it must be one of always"),
                    HasSubstr(":9: a service cannot be called logs")));
}

TEST(ParseStack, NeedsAProjectEnvironmentsAndServices) {
    std::vector<std::string> whats;
    for (const auto& finding : parse_stack("registry: docker.io/shop\n").problems)
        whats.push_back(finding.what);

    EXPECT_THAT(whats, ElementsAre("the stack has no project", "the stack has no environments",
                                   "the stack has no services"));
    EXPECT_EQ(print(parse_stack("# nothing\n").problems.at(0), "stack.yaml"),
              "stack.yaml:1: the file is empty; it must hold project, environments and services");
}

TEST(ParseStack, RefusesTextThatIsNoYaml) {
    auto parsed = parse_stack("project: shop\nservices: [\n");

    ASSERT_EQ(parsed.problems.size(), 1U);
    EXPECT_THAT(parsed.problems[0].what, HasSubstr("no valid YAML"));
    EXPECT_GE(parsed.problems[0].line, 2);
}

TEST(ParseStack, RefusesInAnEnvironmentWhatItsTargetCannotDo) {
    auto parsed = parse_stack(
        "project: shop\n"
        "environments:\n"
        "  production:\n"
        "    target: railway\n"
        "    domain: shop.dev\n"
        "    env:\n"
        "      ap: {A: b}\n"
        "services:\n"
        "  api: {program: a, source: src, port: 80, env: {DIR: \"${state_dir}\"}}\n");

    std::vector<std::string> lines;
    for (const auto& finding : parsed.problems) lines.push_back(print(finding, "stack.yaml"));
    EXPECT_THAT(lines, ElementsAre("stack.yaml:3: the stack has no registry, from which environment "
                                   "production takes images",
                                   "stack.yaml:7: environment production has env for \"ap\", which is no "
                                   "service (did you mean api?)",
                                   HasSubstr("stack.yaml:9: DIR of api refers to ${state_dir}, which "
                                             "environment production does not have")));
}

TEST(ParseStack, ReadsAnEnvironmentOutInTheWorld) {
    auto parsed = parse_stack(
        "project: shop\n"
        "registry: docker.io/shop\n"
        "environments:\n"
        "  production:\n"
        "    target: railway\n"
        "    domain: shop.dev\n"
        "    dns: cloudflare\n"
        "    secrets: secrets.yaml\n"
        "    require: {api: [DB_PASSWORD]}\n"
        "    spaces: {bucket: shop-cdn, region: fra1, cors: [\"https://shop.dev\"]}\n"
        "    railway: {project: shop-live, region: us-west2}\n"
        "    drain: 45s\n"
        "    start: {api: serve --all}\n"
        "    budget: 25\n"
        "    env: {api: {CDN: \"${spaces.cdn}\", KEY: \"${secret_sha256.any}\"}}\n"
        "services:\n"
        "  api: {source: src, port: 80, secrets: [STRIPE_KEY], files: {web: /srv/web}}\n");

    EXPECT_THAT(parsed.problems, testing::IsEmpty());
    const auto& production = *parsed.stack.environment("production");
    EXPECT_EQ(production.dns, DnsKind::Cloudflare);
    EXPECT_EQ(production.railway.project, "shop-live");
    EXPECT_EQ(production.spaces->cdn_endpoint(), "https://shop-cdn.fra1.cdn.digitaloceanspaces.com");
    EXPECT_EQ(production.drain, std::chrono::seconds(45));
    EXPECT_EQ(production.overlap, std::chrono::seconds(20));
    EXPECT_EQ(production.start.at("api"), "serve --all");
    EXPECT_EQ(production.budget_dollars, 25);
    const auto& api = *parsed.stack.service("api");
    EXPECT_EQ(api.files.at("web"), "/srv/web");
    EXPECT_THAT(production.secrets_of(api), ElementsAre("STRIPE_KEY", "DB_PASSWORD"));
    EXPECT_TRUE(production.requires_secret("api", "DB_PASSWORD"));
    EXPECT_FALSE(production.requires_secret("api", "STRIPE_KEY"));
}

TEST(ParseStack, KeepsWhatIsOfOneKindOfTargetOutOfTheOther) {
    auto parsed = parse_stack(
        "project: shop\n"
        "registry: docker.io/shop\n"
        "environments:\n"
        "  local: {target: local, domain: shop.localhost, dns: cloudflare}\n"
        "  production:\n"
        "    target: railway\n"
        "    domain: shop.dev\n"
        "    sinks: [mail]\n"
        "    require: {ap: [KEY]}\n"
        "    budget: many\n"
        "    spaces: {bucket: B, region: fra1}\n"
        "services:\n"
        "  api: {program: a, source: src, port: 80, files: {/etc: /x, a: rel}}\n");

    std::vector<std::string> lines;
    for (const auto& finding : parsed.problems) lines.push_back(print(finding, "stack.yaml"));
    EXPECT_THAT(
        lines,
        ElementsAre(
            HasSubstr("stack.yaml:4: environment local is local: dns is for targets out in the world"),
            HasSubstr(
                "stack.yaml:8: environment production is not local: sinks is served by the local edge only"),
            HasSubstr("stack.yaml:9: environment production has require for \"ap\", which is no service"),
            HasSubstr("stack.yaml:9: environment production requires secrets but names no secrets file"),
            HasSubstr("stack.yaml:10: budget of environment production must be a number of dollars"),
            HasSubstr("stack.yaml:11: spaces of environment production needs a bucket"),
            HasSubstr("\"/etc\" in files of service api must be a path inside"),
            HasSubstr("a of files of service api must be an absolute path in the image")));
}

}  // namespace
}  // namespace seance::stack
