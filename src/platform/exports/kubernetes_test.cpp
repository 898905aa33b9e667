#include "platform/exports/kubernetes.hpp"

#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include "tests/support/shop_stack.hpp"

namespace seance::exports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::ShopStack;

// The documents of an export, read again.
class Documents {
  public:
    explicit Documents(const std::string& text) : all_(YAML::LoadAll(text)) {}

    YAML::Node find(std::string_view kind, std::string_view name) const {
        for (const auto& one : all_)
            if (one["kind"].Scalar() == kind && one["metadata"]["name"].Scalar() == name) return one;
        return YAML::Node(YAML::NodeType::Undefined);
    }
    YAML::Node pod(std::string_view name) const {
        return find("Deployment", name)["spec"]["template"]["spec"];
    }
    YAML::Node container(std::string_view name) const { return pod(name)["containers"][0]; }
    YAML::Node variable(std::string_view service, std::string_view name) const {
        for (const auto& one : container(service)["env"])
            if (one["name"].Scalar() == name) return one;
        return YAML::Node(YAML::NodeType::Undefined);
    }

  private:
    std::vector<YAML::Node> all_;
};

Exported exported(const ShopStack& shop = ShopStack()) {
    return *export_kubernetes(shop.request());
}

std::vector<std::string> texts(const YAML::Node& list) {
    return list.as<std::vector<std::string>>();
}

TEST(ExportKubernetes, RollsWithoutInterruption) {
    const Documents documents(exported().text);

    const auto spec = documents.find("Deployment", "api")["spec"];
    EXPECT_EQ(spec["replicas"].as<int>(), 3);
    EXPECT_EQ(spec["strategy"]["rollingUpdate"]["maxUnavailable"].as<int>(), 0);
    EXPECT_EQ(documents.pod("api")["terminationGracePeriodSeconds"].as<int>(), 45);
    EXPECT_EQ(documents.container("api")["image"].Scalar(), "registry.example/team/shop-api:1a2b3c4");
    EXPECT_TRUE(documents.find("PodDisruptionBudget", "api").IsDefined());
    EXPECT_FALSE(documents.find("PodDisruptionBudget", "web").IsDefined());
}

TEST(ExportKubernetes, ProbesTheHealthPathAndRestartsOnlyWhatAcceptsNothing) {
    const Documents documents(exported().text);

    const auto api = documents.container("api");
    EXPECT_EQ(api["readinessProbe"]["httpGet"]["path"].Scalar(), "/up");
    // 41 s of patience, one look each two seconds.
    EXPECT_EQ(api["startupProbe"]["failureThreshold"].as<int>(), 21);
    EXPECT_TRUE(api["livenessProbe"]["tcpSocket"].IsDefined());
    EXPECT_TRUE(documents.container("db")["readinessProbe"]["tcpSocket"].IsDefined());
    EXPECT_FALSE(documents.container("admin")["readinessProbe"].IsDefined());
}

TEST(ExportKubernetes, GivesPodsNoRights) {
    const Documents documents(exported().text);

    for (const auto* name : {"api", "web", "db", "worker", "admin"}) {
        const auto pod = documents.pod(name), container = documents.container(name);
        EXPECT_TRUE(pod["securityContext"]["runAsNonRoot"].as<bool>()) << name;
        EXPECT_FALSE(pod["automountServiceAccountToken"].as<bool>()) << name;
        EXPECT_FALSE(pod["enableServiceLinks"].as<bool>()) << name;
        EXPECT_TRUE(container["securityContext"]["readOnlyRootFilesystem"].as<bool>()) << name;
        EXPECT_FALSE(container["securityContext"]["allowPrivilegeEscalation"].as<bool>()) << name;
        EXPECT_THAT(texts(container["securityContext"]["capabilities"]["drop"]), ElementsAre("ALL")) << name;
    }
    // Port 80 for a user who is not root.
    EXPECT_EQ(documents.pod("web")["securityContext"]["sysctls"][0]["name"].Scalar(),
              "net.ipv4.ip_unprivileged_port_start");
    EXPECT_FALSE(documents.pod("api")["securityContext"]["sysctls"].IsDefined());
}

TEST(ExportKubernetes, RefersToSecretsByName) {
    const auto out = exported();
    const Documents documents(out.text);

    const auto key = documents.variable("api", "STRIPE_KEY")["valueFrom"]["secretKeyRef"];
    EXPECT_EQ(key["name"].Scalar(), "api-secrets");
    EXPECT_TRUE(key["optional"].as<bool>());
    EXPECT_FALSE(
        documents.variable("api", "DB_PASSWORD")["valueFrom"]["secretKeyRef"]["optional"].IsDefined());
    EXPECT_EQ(documents.variable("api", "KEY_HASH")["valueFrom"]["secretKeyRef"]["key"].Scalar(), "KEY_HASH");
    EXPECT_THAT(out.text, HasSubstr("#   KEY_HASH, which is \"${secret_sha256.api_key}\"\n"));
    EXPECT_FALSE(documents.find("Secret", "api-secrets").IsDefined());
}

TEST(ExportKubernetes, KeepsDollarsFromBeingReplaced) {
    const Documents documents(exported().text);

    // Kubernetes reads "$$" as one dollar.
    EXPECT_EQ(documents.variable("api", "TEMPLATE")["value"].Scalar(), "%{x} $${y} $$(z)");
    EXPECT_EQ(documents.variable("api", "PRICE")["value"].Scalar(), "$$5 p");
}

TEST(ExportKubernetes, GivesAServiceWithAVolumeOnePodAtATime) {
    const auto out = exported();
    const Documents documents(out.text);

    const auto spec = documents.find("Deployment", "db")["spec"];
    EXPECT_EQ(spec["strategy"]["type"].Scalar(), "Recreate");
    EXPECT_EQ(spec["replicas"].as<int>(), 1);
    EXPECT_EQ(documents.pod("db")["volumes"][1]["persistentVolumeClaim"]["claimName"].Scalar(), "db-data");
    EXPECT_EQ(documents.container("db")["volumeMounts"][2]["mountPath"].Scalar(), "/data");
    EXPECT_TRUE(documents.find("PersistentVolumeClaim", "db-data").IsDefined());
    EXPECT_THAT(texts(documents.container("db")["command"]),
                ElementsAre("db-server", "--save", "", "--dir", "/data"));
}

TEST(ExportKubernetes, LetsTheWorldInToPublicServicesAlone) {
    const Documents documents(exported().text);

    const auto ingress = documents.find("Ingress", "web")["spec"];
    EXPECT_EQ(ingress["rules"][0]["host"].Scalar(), "shop.example");
    EXPECT_EQ(ingress["tls"][0]["secretName"].Scalar(), "web-tls");
    EXPECT_FALSE(documents.find("Ingress", "db").IsDefined());
    const auto rule = documents.find("NetworkPolicy", "db")["spec"]["ingress"][0];
    EXPECT_THAT(texts(rule["from"][0]["podSelector"]["matchExpressions"][0]["values"]),
                ElementsAre("admin", "api"));
    EXPECT_EQ(rule["ports"][0]["port"].as<int>(), 6379);
    EXPECT_FALSE(documents.find("NetworkPolicy", "api").IsDefined());
}

TEST(ExportKubernetes, SelectsThePodsOfItsOwnDeployment) {
    const Documents documents(exported().text);

    for (const auto* name : {"api", "web", "db", "worker", "admin"}) {
        const auto deployment = documents.find("Deployment", name)["spec"];
        const auto labels = deployment["template"]["metadata"]["labels"];
        for (const auto& one : deployment["selector"]["matchLabels"])
            EXPECT_EQ(labels[one.first.Scalar()].Scalar(), one.second.Scalar()) << name;
        for (const auto& one : documents.find("Service", name)["spec"]["selector"])
            EXPECT_EQ(labels[one.first.Scalar()].Scalar(), one.second.Scalar()) << name;
    }
}

TEST(ExportKubernetes, SaysWhatItCannotKeep) {
    EXPECT_THAT(exported().notes, testing::IsSupersetOf({HasSubstr("restart policy of worker"),
                                                         HasSubstr("image of db has no /etc/db.conf")}));
}

TEST(ExportKubernetes, RefusesNamesThatKubernetesDoesNotTake) {
    const ShopStack digit(
        "project: shop\nregistry: r\nenvironments: {live: {target: railway, domain: d.example}}\n"
        "services: {3d: {image: a, port: 80}}\n");
    const ShopStack lengthy("project: " + std::string(40, 'a') + "\nregistry: r\nenvironments: {" +
                            std::string(30, 'b') +
                            ": {target: railway, domain: d.example}}\nservices: {a: {image: a, port: 80}}\n");

    EXPECT_THAT(export_kubernetes(digit.request()).error().what, HasSubstr("begin with a letter"));
    EXPECT_THAT(export_kubernetes(lengthy.request()).error().what, HasSubstr("63 characters"));
}

}  // namespace
}  // namespace seance::exports
