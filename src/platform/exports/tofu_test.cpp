#include "platform/exports/tofu.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <regex>

#include "platform/exports/tofu_text.hpp"
#include "tests/support/shop_stack.hpp"

namespace seance::exports {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing_support::ShopStack;

// What the providers' pages say of the resources used here: attributes that must be given, those that may be,
// and those that can be referred to beside them.
struct Schema {
    std::set<std::string> required, optional, computed;
};
const std::map<std::string, Schema> kSchemas{
    {"railway_project",
     {{"name"},
      {"default_environment", "description", "has_pr_deploys", "private", "workspace_id"},
      {"id", "default_environment.id"}}},
    {"railway_service",
     {{"name", "project_id"},
      {"config_path", "cron_schedule", "regions", "root_directory", "source_image",
       "source_image_registry_password", "source_image_registry_username", "source_repo",
       "source_repo_branch", "volume"},
      {"id"}}},
    {"railway_variable_collection", {{"environment_id", "service_id", "variables"}, {}, {"id"}}},
    {"railway_custom_domain",
     {{"domain", "environment_id", "service_id"},
      {"target_port"},
      {"id", "dns_record_value", "host_label", "project_id", "verification_host_label",
       "verification_record_value", "zone"}}},
    {"cloudflare_dns_record",
     {{"name", "ttl", "type", "zone_id"},
      {"comment", "content", "data", "priority", "proxied", "settings", "tags"},
      {"id"}}},
    {"digitalocean_spaces_bucket",
     {{"name"},
      {"region", "acl", "cors_rule", "lifecycle_rule", "versioning", "force_destroy"},
      {"urn", "bucket_domain_name"}}},
    {"digitalocean_spaces_bucket_cors_configuration", {{"bucket", "region", "cors_rule"}, {}, {}}},
    {"digitalocean_cdn",
     {{"origin"}, {"ttl", "certificate_name", "custom_domain"}, {"id", "endpoint", "created_at"}}},
};

json::object document(const Exported& out) {
    return json::parse(out.text).as_object();
}

// Every ${...} in every text: what it names must be declared, with an attribute that there is.
void check_references(const json::value& value, const json::object& all) {
    if (value.is_object())
        for (const auto& [key, item] : value.get_object()) check_references(item, all);
    if (value.is_array())
        for (const auto& item : value.get_array()) check_references(item, all);
    if (!value.is_string()) return;
    const std::string text(value.get_string());
    static const std::regex kVariable("\\bvar\\.([A-Za-z0-9_-]+)");
    static const std::regex kResource(
        "\\b((?:railway|cloudflare|digitalocean)_[a-z_]+)\\.([A-Za-z0-9_-]+)\\.([a-z_]+(?:\\.[a-z]+)?)");
    for (std::sregex_iterator at(text.begin(), text.end(), kVariable), end; at != end; ++at)
        EXPECT_TRUE(all.at("variable").as_object().contains((*at)[1].str())) << text;
    for (std::sregex_iterator at(text.begin(), text.end(), kResource), end; at != end; ++at) {
        const auto kind = (*at)[1].str(), attribute = (*at)[3].str();
        ASSERT_TRUE(all.at("resource").as_object().contains(kind)) << text;
        EXPECT_TRUE(all.at("resource").at(kind).as_object().contains((*at)[2].str())) << text;
        const auto& schema = kSchemas.at(kind);
        EXPECT_TRUE(schema.computed.contains(attribute) || schema.required.contains(attribute) ||
                    schema.optional.contains(attribute))
            << text;
    }
}

void check_schema(const json::object& all) {
    for (const auto& [kind, blocks] : all.at("resource").as_object()) {
        ASSERT_TRUE(kSchemas.contains(std::string(kind))) << kind;
        const auto& schema = kSchemas.at(std::string(kind));
        for (const auto& [name, block] : blocks.as_object()) {
            EXPECT_TRUE(std::regex_match(std::string(name), std::regex("[A-Za-z_][A-Za-z0-9_-]*"))) << name;
            for (const auto& required : schema.required)
                EXPECT_TRUE(block.as_object().contains(required)) << kind << "." << name << " " << required;
            for (const auto& [attribute, given] : block.as_object())
                EXPECT_TRUE(schema.required.contains(std::string(attribute)) ||
                            schema.optional.contains(std::string(attribute)))
                    << kind << "." << name << " has no " << attribute;
        }
    }
    check_references(all.at("resource"), all);
    check_references(all.at("output"), all);
}

TEST(ExportTofu, FollowsTheProvidersSchemas) {
    const ShopStack shop;

    check_schema(document(*export_tofu(shop.request())));
}

TEST(ExportTofu, FollowsThemWithOddNamesAndWithoutDnsOrSpaces) {
    const ShopStack shop(
        "project: shop\nregistry: r\nenvironments:\n"
        "  live: {target: railway, domain: d.example, railway: {workspace: Team, region: us-west2}}\n"
        "services: {3d: {source: a, port: 80, subdomain: x, secrets: [KEY], replicas: 2}}\n");

    const auto all = document(*export_tofu(shop.request()));

    check_schema(all);
    EXPECT_FALSE(all.at("provider").as_object().contains("cloudflare"));
    EXPECT_FALSE(all.at("provider").as_object().contains("digitalocean"));
    const auto& service = all.at("resource").at("railway_service").at("s_3d");
    EXPECT_EQ(service.at("regions").at(0).at("num_replicas").as_int64(), 2);
    EXPECT_TRUE(all.at("output").as_object().contains("s_3d_dns"));
}

TEST(ExportTofu, NamesSecretsAndNeverHasAValueForOneThatIsRequired) {
    const ShopStack shop;

    const auto all = document(*export_tofu(shop.request()));

    for (const auto* name : {"api_STRIPE_KEY", "api_DB_PASSWORD", "api_key-secret"})
        EXPECT_TRUE(all.at("variable").at(name).at("sensitive").as_bool()) << name;
    EXPECT_FALSE(all.at("variable").at("api_DB_PASSWORD").as_object().contains("default"));
    EXPECT_FALSE(all.at("variable").at("api_key-secret").as_object().contains("default"));
    EXPECT_EQ(all.at("variable").at("api_STRIPE_KEY").at("default").as_string(), "");
    const auto& values = all.at("resource").at("railway_variable_collection").at("api").at("variables");
    EXPECT_EQ(values.at("KEY_HASH").as_string(), "${sha256(var.api_key-secret)}");
    EXPECT_EQ(values.at("URL").as_string(), "https://user:${var.api_key-secret}@host");
    EXPECT_EQ(values.at("DB_PASSWORD").as_string(), "${var.api_DB_PASSWORD}");
}

TEST(ExportTofu, PutsTheRecordsThatRailwayAsksForIntoTheZone) {
    const ShopStack shop;

    const auto all = document(*export_tofu(shop.request()));

    const auto& records = all.at("resource").at("cloudflare_dns_record");
    EXPECT_EQ(records.at("web").at("name").as_string(), "shop.example");
    EXPECT_EQ(records.at("web").at("content").as_string(), "${railway_custom_domain.web.dns_record_value}");
    EXPECT_EQ(records.at("web_verification").at("type").as_string(), "TXT");
    EXPECT_FALSE(records.at("web_verification").at("proxied").as_bool());
    EXPECT_FALSE(records.as_object().contains("db"));
    EXPECT_EQ(all.at("resource").at("railway_custom_domain").at("web").at("target_port").as_int64(), 80);
}

TEST(ExportTofu, HasTheServicesAsTheStackSays) {
    const ShopStack shop;

    const auto out = *export_tofu(shop.request());
    const auto all = document(out);

    EXPECT_EQ(all.at("resource").at("railway_service").at("db").at("volume").at("mount_path").as_string(),
              "/data");
    const auto& values = all.at("resource").at("railway_variable_collection");
    EXPECT_EQ(values.at("api").at("variables").at("DB").as_string(), "db.railway.internal:6379");
    EXPECT_EQ(values.at("api").at("variables").at("RAILWAY_DEPLOYMENT_DRAINING_SECONDS").as_string(), "45");
    EXPECT_EQ(values.at("worker").at("variables").at("RAILWAY_RUN_UID").as_string(), "0");
    EXPECT_THAT(out.notes, testing::Contains(HasSubstr("health check /up of api is not set")));
}

TEST(ExportTofu, RefusesASecretThatCannotBeAVariable) {
    const ShopStack shop(
        "project: shop\nregistry: r\nenvironments: {live: {target: railway, domain: d.example}}\n"
        "services: {a: {source: a, port: 80, env: {K: \"${secret.a b}\"}}}\n");

    EXPECT_THAT(export_tofu(shop.request()).error().what, HasSubstr("the secret \"a b\""));
}

TEST(TofuLiteral, IsNeverATemplate) {
    EXPECT_EQ(tofu_literal("plain $5 100%"), "plain $5 100${\"%\"}");
    EXPECT_EQ(tofu_literal("${x}"), "${\"$\"}{x}");
    EXPECT_EQ(tofu_literal("%{x}"), "${\"%\"}{x}");
    EXPECT_EQ(tofu_literal("$${x}"), "${\"$\"}${\"$\"}{x}");
    // What stands before a secret must not turn its template into text.
    EXPECT_EQ(tofu_template({{Piece::Text, "$"}, {Piece::Secret, "k"}}), "${\"$\"}${var.k-secret}");
}

}  // namespace
}  // namespace seance::exports
