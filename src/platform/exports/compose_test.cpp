#include "platform/exports/compose.hpp"

#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include <set>

#include "tests/support/shop_stack.hpp"

namespace seance::exports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::ShopStack;

Exported exported(const ShopStack& shop = ShopStack()) {
    return *export_compose(shop.request());
}
YAML::Node services(const Exported& out) {
    return YAML::Load(out.text)["services"];
}

TEST(ExportCompose, PublishesPublicServicesOnLoopbackAtPortsOfTheirOwn) {
    const auto all = services(exported());

    std::set<std::string> ports;
    for (const auto& one : all)
        for (const auto& port : one.second["ports"]) {
            EXPECT_THAT(port.Scalar(), testing::StartsWith("127.0.0.1:"));
            ports.insert(port.Scalar());
        }
    EXPECT_THAT(ports, testing::UnorderedElementsAre("127.0.0.1:18080:80", "127.0.0.1:8000:8000",
                                                     "127.0.0.1:18081:8000"));
    EXPECT_FALSE(all["db"]["ports"].IsDefined());
}

TEST(ExportCompose, StartsAServiceWhenThoseItNeedsAreHealthy) {
    const auto all = services(exported());

    const auto waits = all["api"]["depends_on"];
    EXPECT_EQ(waits["db"]["condition"].Scalar(), "service_healthy");
    EXPECT_THAT(all["db"]["healthcheck"]["test"][1].Scalar(), HasSubstr("-p 6379 ping"));
    // The worker's own image has nothing to ask it with.
    EXPECT_EQ(waits["worker-health"]["condition"].Scalar(), "service_healthy");
    EXPECT_EQ(all["worker-health"]["network_mode"].Scalar(), "service:worker");
    EXPECT_THAT(all["worker-health"]["healthcheck"]["test"][1].Scalar(),
                HasSubstr("http://127.0.0.1:9000/ready"));
    EXPECT_FALSE(all["web-health"].IsDefined());
}

TEST(ExportCompose, TakesAnotherNameForAHelperWhoseNameIsTaken) {
    const ShopStack shop(
        "project: shop\nregistry: r\nenvironments: {live: {target: railway, domain: d.example}}\nservices:\n"
        "  a: {source: a, port: 1, health: /}\n  a-health: {source: b, port: 2, needs: [a]}\n");

    const auto all = services(exported(shop));

    EXPECT_EQ(all["a-health-health"]["network_mode"].Scalar(), "service:a");
    EXPECT_TRUE(all["a-health"]["depends_on"]["a-health-health"].IsDefined());
}

TEST(ExportCompose, TakesSecretsFromFilesAndKeepsDollars) {
    const auto out = exported();
    const auto api = services(out)["api"];

    EXPECT_THAT(api["env_file"].as<std::vector<std::string>>(), ElementsAre("secrets/api.env"));
    EXPECT_FALSE(api["environment"]["KEY_HASH"].IsDefined());
    EXPECT_THAT(out.text, HasSubstr("#     STRIPE_KEY (may be missing)\n"));
    EXPECT_EQ(api["environment"]["TEMPLATE"].Scalar(), "%{x} $${y} $$(z)");
    EXPECT_FALSE(services(out)["web"]["env_file"].IsDefined());
}

TEST(ExportCompose, GivesAVolumeToTheUserOfABuiltImage) {
    const auto out = exported();
    const auto all = services(out);

    EXPECT_EQ(all["worker"]["depends_on"]["worker-volume"]["condition"].Scalar(),
              "service_completed_successfully");
    EXPECT_EQ(all["worker"]["volumes"][0].Scalar(), "worker-data:/spool");
    EXPECT_THAT(all["db"]["volumes"].as<std::vector<std::string>>(),
                ElementsAre("db-data:/data", "./db.conf:/etc/db.conf:ro"));
    EXPECT_TRUE(YAML::Load(out.text)["volumes"]["worker-data"].IsDefined());
}

TEST(ExportCompose, StopsAndRestartsAsTheStackSays) {
    const auto out = exported();
    const auto all = services(out);

    EXPECT_EQ(all["api"]["stop_grace_period"].Scalar(), "45s");
    EXPECT_EQ(all["api"]["restart"].Scalar(), "always");
    EXPECT_EQ(all["worker"]["restart"].Scalar(), "on-failure");
    EXPECT_EQ(all["api"]["deploy"]["resources"]["limits"]["memory"].Scalar(), "512M");
    EXPECT_THAT(out.notes, testing::Contains(HasSubstr("api asks for 3 replicas")));
    EXPECT_EQ(all["db"]["entrypoint"][2].Scalar(), "");
}

}  // namespace
}  // namespace seance::exports
