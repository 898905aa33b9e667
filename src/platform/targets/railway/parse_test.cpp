#include "platform/targets/railway/parse.hpp"

#include <gtest/gtest.h>

namespace seance::railway {
namespace {

boost::json::value json(std::string_view text) {
    auto value = remote::parse_json(text);
    EXPECT_TRUE(value) << text;
    return value ? *value : boost::json::value();
}

TEST(ParseDeployment, ReadsMetaAsFarAsItIsThere) {
    auto full = json(
        R"({"id":"d","status":"SUCCESS","meta":{"image":"a/b:c","imageDigest":"sha256:1","serviceManifest":
        {"deploy":{"multiRegionConfig":{"us-west2":{"numReplicas":2},"europe-west4-drams3a":{"numReplicas":1}}}}}})");
    auto bare = json(R"({"id":"d","status":"BUILDING","meta":null})");

    auto deployment = parse_deployment(full);
    ASSERT_TRUE(deployment);
    EXPECT_EQ(deployment->image, "a/b:c");
    EXPECT_EQ(deployment->image_digest, "sha256:1");
    EXPECT_EQ(deployment->replicas, 3);
    EXPECT_EQ(deployment->status, DeploymentStatus::Success);
    ASSERT_TRUE(parse_deployment(bare));
    EXPECT_EQ(parse_deployment(bare)->image, "");
    EXPECT_FALSE(parse_deployment(json(R"({"status":"SUCCESS"})")));
    EXPECT_FALSE(parse_deployment(json("null")));
}

TEST(ParseInstance, TellsAbsentFromNull) {
    auto value = json(
        R"({"serviceId":"s","serviceName":"backend","source":{"image":"a/b:c","repo":null},"numReplicas":2,
        "healthcheckPath":null,"overlapSeconds":0,"restartPolicyType":"ON_FAILURE","restartPolicyMaxRetries":10,
        "preDeployCommand":["migrate"],"latestDeployment":null,"activeDeployments":[{"id":"d"}],"domains":null})");

    auto instance = parse_instance(value);

    ASSERT_TRUE(instance);
    EXPECT_EQ(instance->image, "a/b:c");
    EXPECT_EQ(instance->overlap_seconds, 0);
    EXPECT_FALSE(instance->draining_seconds);
    EXPECT_FALSE(instance->latest);
    EXPECT_EQ(instance->active.size(), 1u);
    EXPECT_EQ(instance->pre_deploy_command, std::vector<std::string>{"migrate"});
    EXPECT_EQ(instance->restart_policy, RestartPolicy::OnFailure);
}

TEST(ApplyConfig, FindsSealedVariablesReplicasAndLimits) {
    auto config = json(R"({"variables":{"OPEN":{"value":"x"},"SEALED":{"isSealed":true},"GONE":null},
        "deploy":{"multiRegionConfig":{"a":{"numReplicas":1},"b":{"numReplicas":2},"c":null},
        "limitOverride":{"containers":{"cpu":0.5,"memoryBytes":536870912}}},"source":{"autoUpdates":{"type":"patch"}}})");
    ServiceInstance instance;
    instance.replicas = 1;

    apply_config(instance, config);

    EXPECT_EQ(instance.sealed_variables, std::vector<std::string>{"SEALED"});
    EXPECT_EQ(instance.replicas, 3);
    EXPECT_EQ(instance.replicas_by_region.size(), 2u);
    EXPECT_EQ(instance.cpu_limit_vcpus, 0.5);
    EXPECT_EQ(instance.memory_limit_gb, 0.5);
    EXPECT_EQ(instance.image_auto_updates, "patch");
}

TEST(ApplyLimits, ReadsGigabytesOfEitherKind) {
    auto limit = [](std::string_view text) {
        ServiceInstance instance;
        apply_limits(instance, json(text));
        return instance.memory_limit_gb;
    };

    EXPECT_EQ(limit(R"({"containers":{"memoryBytes":1000000000}})"), 1.0);
    EXPECT_EQ(limit(R"({"containers":{"memoryBytes":1073741824}})"), 1.0);
    EXPECT_EQ(limit(R"({"containers":{"memoryBytes":500000000}})"), 0.5);
    EXPECT_FALSE(limit("null"));
}

TEST(ParseVariables, LeavesOutWhatRailwayGivesItself) {
    auto variables =
        parse_variables(json(R"({"PORT":"80","RAILWAY_TOKEN":"x","EMPTY":"","N":7,"GONE":null})"));

    ASSERT_EQ(variables.size(), 3u);
    EXPECT_EQ(variables.at("PORT").reveal(), "80");
    EXPECT_EQ(variables.at("EMPTY").reveal(), "");
    EXPECT_EQ(variables.at("N").reveal(), "7");
}

TEST(ParseCustomDomain, KnowsTheLongEnums) {
    auto value = json(
        R"({"id":"c","domain":"a.b","serviceId":"s","environmentId":"e","targetPort":80,"syncStatus":"ACTIVE",
        "status":{"verified":true,"verificationDnsHost":"_railway-verify.a","verificationToken":"t",
        "certificateStatus":"CERTIFICATE_STATUS_TYPE_ISSUE_FAILED","certificateStatusDetailed":
        "CERTIFICATE_STATUS_TYPE_DETAILED_FAILED","certificateErrorType":"CERTIFICATE_ERROR_TYPE_DNS_VALIDATION",
        "certificateErrorMessage":"no record","cdnProvider":"DETECTED_CDN_PROVIDER_CLOUDFLARE","certificates":null,
        "dnsRecords":[{"hostlabel":"a","fqdn":"a.b","zone":"b","recordType":"DNS_RECORD_TYPE_CNAME","requiredValue":"x",
        "currentValue":"","status":"DNS_RECORD_STATUS_PROPAGATED","purpose":"DNS_RECORD_PURPOSE_TRAFFIC_ROUTE"},
        {"purpose":"UNRECOGNIZED","recordType":"UNRECOGNIZED","status":"UNRECOGNIZED"}]}})");

    auto domain = parse_custom_domain(value);

    ASSERT_TRUE(domain);
    EXPECT_EQ(domain->certificate, CertificateStatus::IssueFailed);
    EXPECT_EQ(domain->certificate_error, "DNS_VALIDATION: no record");
    EXPECT_TRUE(domain->behind_cloudflare);
    ASSERT_EQ(domain->dns_records.size(), 2u);
    EXPECT_EQ(domain->dns_records[0].type, "CNAME");
    EXPECT_EQ(domain->dns_records[0].status, DnsRecord::Status::Propagated);
    EXPECT_EQ(domain->dns_records[1].purpose, DnsRecord::Purpose::Unknown);
}

TEST(ParseCustomDomain, TakesADeletedOneForNone) {
    EXPECT_FALSE(
        parse_custom_domain(json(R"({"id":"c","domain":"a.b","deletedAt":"2026-01-01T00:00:00Z"})")));
    EXPECT_FALSE(parse_custom_domain(json(R"({"id":"c","domain":"a.b","syncStatus":"DELETED"})")));
}

TEST(ParseVolumeInstance, KnowsOneThatIsMountedNowhere) {
    auto volume = parse_volume_instance(json(
        R"({"id":"i","volumeId":"v","serviceId":null,"mountPath":"/data","sizeMB":5000,"currentSizeMB":12.5,"state":"READY",
        "volume":{"id":"v","name":"valkey-data"}})"));

    ASSERT_TRUE(volume);
    EXPECT_TRUE(volume->service.empty());
    EXPECT_EQ(volume->volume_name, "valkey-data");
    EXPECT_EQ(volume->used_mb, 12.5);
}

TEST(ParseLogLine, KeepsItsTagsAndAttributes) {
    auto log = parse_log_line(json(R"({"timestamp":"t","message":"","severity":null,"tags":{"serviceId":"s"},
        "attributes":[{"key":"level","value":"\"info\""}]})"));

    ASSERT_TRUE(log);
    EXPECT_EQ(log->service.text(), "s");
    EXPECT_EQ(log->attributes.at("level"), "\"info\"");
    EXPECT_FALSE(parse_log_line(json(R"({"timestamp":"t"})")));
}

TEST(AsLogLine, SaysARequestInOneLine) {
    auto request = parse_http_log_line(json(
        R"({"timestamp":"t","requestId":"r","method":"GET","path":"/up","host":"a.b","httpStatus":502,"totalDuration":12})"));

    ASSERT_TRUE(request);
    auto line = as_log_line(*request);

    EXPECT_EQ(line.message, "GET a.b/up 502 12 ms");
    EXPECT_EQ(line.severity, "error");
    EXPECT_EQ(line.attributes.at("requestId"), "\"r\"");
    EXPECT_EQ(line.attributes.at("httpStatus"), "502");
}

}  // namespace
}  // namespace seance::railway
