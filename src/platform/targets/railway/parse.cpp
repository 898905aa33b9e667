#include "platform/targets/railway/parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "platform/targets/railway/deployment_state.hpp"

namespace seance::railway {
namespace {

std::optional<int> small(JsonView json) {
    auto number = json.integer();
    if (!number || *number < std::numeric_limits<int>::min() || *number > std::numeric_limits<int>::max())
        return std::nullopt;
    return static_cast<int>(*number);
}

template <class Id>
Id id(JsonView json) {
    return Id(json.text_or());
}

// "DNS_RECORD_TYPE_CNAME" → "CNAME"; what has another beginning is unknown.
std::string without(std::string_view prefix, JsonView json) {
    auto text = json.text_or();
    return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string();
}

bool is_gone(JsonView json) {
    auto sync = json["syncStatus"].text_or();
    return json["deletedAt"].present() || sync == "DELETED" || sync == "DELETING";
}

// { "<region>": { "numReplicas": n } | null }
std::map<std::string, int> parse_regions(JsonView json) {
    std::map<std::string, int> out;
    if (auto* regions = json.object())
        for (const auto& region : *regions)
            if (auto n = small(JsonView(region.value())["numReplicas"])) out.emplace(region.key(), *n);
    return out;
}

std::optional<int> sum(const std::map<std::string, int>& replicas) {
    if (replicas.empty()) return std::nullopt;
    std::int64_t total = 0;
    for (const auto& [region, n] : replicas) total += n;
    return static_cast<int>(std::clamp<std::int64_t>(total, 0, std::numeric_limits<int>::max()));
}

// Whether Railway's gigabytes are of 1000 or 1024 is not documented; limits are round in one of the two.
double gigabytes(double bytes) {
    constexpr double kDecimal = 1e9, kBinary = 1024.0 * 1024 * 1024, kRound = 1e6;
    bool decimal = std::fmod(bytes, kRound) == 0;
    return bytes / (decimal ? kDecimal : kBinary);
}

RestartPolicy parse_policy(std::string_view text) {
    for (auto policy : {RestartPolicy::OnFailure, RestartPolicy::Always, RestartPolicy::Never})
        if (spelling(policy) == text) return policy;
    return RestartPolicy::Unknown;
}

std::optional<DnsRecord> parse_dns_record(JsonView json) {
    if (!json.object()) return std::nullopt;
    DnsRecord out;
    auto purpose = without("DNS_RECORD_PURPOSE_", json["purpose"]);
    if (purpose == "TRAFFIC_ROUTE") out.purpose = DnsRecord::Purpose::TrafficRoute;
    if (purpose == "ACME_DNS01_CHALLENGE") out.purpose = DnsRecord::Purpose::AcmeChallenge;
    auto status = without("DNS_RECORD_STATUS_", json["status"]);
    if (status == "PROPAGATED") out.status = DnsRecord::Status::Propagated;
    if (status == "REQUIRES_UPDATE") out.status = DnsRecord::Status::RequiresUpdate;
    out.type = without("DNS_RECORD_TYPE_", json["recordType"]);
    if (out.type == "UNSPECIFIED") out.type.clear();
    out.hostlabel = json["hostlabel"].text_or();
    out.fqdn = json["fqdn"].text_or();
    out.zone = json["zone"].text_or();
    out.required_value = json["requiredValue"].text_or();
    out.current_value = json["currentValue"].text_or();
    return out;
}

CertificateStatus parse_certificate_status(JsonView json) {
    auto text = without("CERTIFICATE_STATUS_TYPE_", json);
    if (text == "VALIDATING_OWNERSHIP") return CertificateStatus::ValidatingOwnership;
    if (text == "ISSUING") return CertificateStatus::Issuing;
    if (text == "VALID") return CertificateStatus::Valid;
    if (text == "ISSUE_FAILED") return CertificateStatus::IssueFailed;
    return CertificateStatus::Unknown;
}

}  // namespace

std::string_view spelling(RestartPolicy policy) {
    switch (policy) {
        case RestartPolicy::OnFailure:
            return "ON_FAILURE";
        case RestartPolicy::Always:
            return "ALWAYS";
        case RestartPolicy::Never:
            return "NEVER";
        case RestartPolicy::Unknown:
            return "";
    }
    return "";
}

std::optional<Deployment> parse_deployment(JsonView json) {
    Deployment out;
    out.id = id<DeploymentId>(json["id"]);
    if (out.id.empty()) return std::nullopt;
    out.status_text = json["status"].text_or();
    out.status = parse_status(out.status_text);
    out.created_at = json["createdAt"].text_or();
    out.status_updated_at = json["statusUpdatedAt"].text_or();
    out.service = id<ServiceId>(json["serviceId"]);
    out.environment = id<EnvironmentId>(json["environmentId"]);
    out.url = json["url"].text_or();
    out.can_rollback = json["canRollback"].boolean().value_or(false);
    out.can_redeploy = json["canRedeploy"].boolean().value_or(false);
    out.stopped = json["deploymentStopped"].boolean().value_or(false);
    out.creator = json["creator"]["name"].text_or(json["creator"]["email"].text_or());
    auto meta = json["meta"];
    if (auto* object = meta.object()) out.meta = *object;
    out.image = meta["image"].text_or();
    out.image_digest = meta["imageDigest"].text_or();
    out.commit = meta["commitHash"].text_or();
    auto manifest = meta["serviceManifest"]["deploy"];
    out.replicas = sum(parse_regions(manifest["multiRegionConfig"]));
    if (!out.replicas) out.replicas = small(manifest["numReplicas"]);
    for (auto instance : json["instances"].items())
        out.instances.push_back({instance["id"].text_or(), instance["status"].text_or()});
    return out;
}

std::optional<DeploymentEvent> parse_event(JsonView json) {
    DeploymentEvent out;
    out.id = json["id"].text_or();
    out.step = json["step"].text_or();
    if (out.step.empty()) return std::nullopt;
    out.created_at = json["createdAt"].text_or();
    out.completed_at = json["completedAt"].text_or();
    auto payload = json["payload"];
    out.attempt = payload["attempt"].integer();
    out.max_attempts = payload["maxAttempts"].integer();
    out.duration_ms = payload["durationMs"].integer();
    out.detail = payload["detail"].text_or();
    out.reason = payload["reason"].text_or();
    out.error = payload["error"].text_or();
    out.skipped = payload["skipped"].boolean().value_or(false);
    return out;
}

std::optional<ServiceInstance> parse_instance(JsonView json) {
    ServiceInstance out;
    out.service = id<ServiceId>(json["serviceId"]);
    if (out.service.empty() || json["deletedAt"].present()) return std::nullopt;
    out.name = json["serviceName"].text_or();
    out.image = json["source"]["image"].text_or();
    out.repo = json["source"]["repo"].text_or();
    out.region = json["region"].text_or();
    out.replicas = small(json["numReplicas"]);
    out.healthcheck_path = json["healthcheckPath"].text_or();
    out.healthcheck_timeout_seconds = small(json["healthcheckTimeout"]);
    out.restart_policy = parse_policy(json["restartPolicyType"].text_or());
    out.restart_max_retries = small(json["restartPolicyMaxRetries"]);
    out.overlap_seconds = small(json["overlapSeconds"]);
    out.draining_seconds = small(json["drainingSeconds"]);
    out.start_command = json["startCommand"].text_or();
    // Free JSON: a list, or one text.
    if (auto command = json["preDeployCommand"].text()) out.pre_deploy_command = {*command};
    for (auto part : json["preDeployCommand"].items())
        if (auto text = part.text()) out.pre_deploy_command.push_back(*text);
    out.cron_schedule = json["cronSchedule"].text_or();
    out.sleeps = json["sleepApplication"].boolean();
    out.latest = parse_deployment(json["latestDeployment"]);
    out.active = parse_all(json["activeDeployments"].items(), parse_deployment);
    out.custom_domains = parse_all(json["domains"]["customDomains"].items(), parse_custom_domain);
    out.service_domains = parse_all(json["domains"]["serviceDomains"].items(), parse_service_domain);
    return out;
}

std::optional<CustomDomain> parse_custom_domain(JsonView json) {
    CustomDomain out;
    out.id = id<CustomDomainId>(json["id"]);
    out.domain = json["domain"].text_or();
    if (out.id.empty() || out.domain.empty() || is_gone(json)) return std::nullopt;
    out.service = id<ServiceId>(json["serviceId"]);
    out.environment = id<EnvironmentId>(json["environmentId"]);
    out.target_port = small(json["targetPort"]);
    out.sync_status = json["syncStatus"].text_or();
    auto status = json["status"];
    out.dns_records = parse_all(status["dnsRecords"].items(), parse_dns_record);
    out.verification_host = status["verificationDnsHost"].text_or();
    out.verification_token = status["verificationToken"].text_or();
    out.verified = status["verified"].boolean().value_or(false);
    out.certificate = parse_certificate_status(status["certificateStatus"]);
    out.certificate_detail =
        without("CERTIFICATE_STATUS_TYPE_DETAILED_", status["certificateStatusDetailed"]);
    out.certificate_error = without("CERTIFICATE_ERROR_TYPE_", status["certificateErrorType"]);
    if (out.certificate_error == "UNSPECIFIED") out.certificate_error.clear();
    if (auto message = status["certificateErrorMessage"].text_or(); !message.empty())
        out.certificate_error += (out.certificate_error.empty() ? "" : ": ") + message;
    out.certificate_retryable = status["certificateRetryable"].boolean();
    for (auto certificate : status["certificates"].items())
        if (auto expiry = certificate["expiresAt"].text()) out.certificate_expiries.push_back(*expiry);
    out.behind_cloudflare = status["cdnProvider"].text_or() == "DETECTED_CDN_PROVIDER_CLOUDFLARE";
    return out;
}

std::optional<ServiceDomain> parse_service_domain(JsonView json) {
    ServiceDomain out;
    out.id = id<ServiceDomainId>(json["id"]);
    out.domain = json["domain"].text_or();
    if (out.id.empty() || out.domain.empty() || is_gone(json)) return std::nullopt;
    out.target_port = small(json["targetPort"]);
    out.sync_status = json["syncStatus"].text_or();
    return out;
}

std::optional<TcpProxy> parse_tcp_proxy(JsonView json) {
    TcpProxy out;
    out.id = json["id"].text_or();
    out.domain = json["domain"].text_or();
    if (out.id.empty() || is_gone(json)) return std::nullopt;
    out.proxy_port = small(json["proxyPort"]).value_or(0);
    out.application_port = small(json["applicationPort"]).value_or(0);
    return out;
}

std::optional<VolumeInstance> parse_volume_instance(JsonView json) {
    VolumeInstance out;
    out.id = json["id"].text_or();
    out.volume = id<VolumeId>(json["volumeId"].present() ? json["volumeId"] : json["volume"]["id"]);
    auto state = json["state"].text_or();
    if (out.id.empty() || out.volume.empty() || json["deletedAt"].present() || state == "DELETED")
        return std::nullopt;
    out.volume_name = json["volume"]["name"].text_or();
    out.service = id<ServiceId>(json["serviceId"]);
    out.mount_path = json["mountPath"].text_or();
    out.size_mb = json["sizeMB"].number().value_or(0);
    out.used_mb = json["currentSizeMB"].number().value_or(0);
    out.region = json["region"].text_or();
    out.state = std::move(state);
    out.is_pending_deletion = json["isPendingDeletion"].boolean().value_or(false);
    return out;
}

std::optional<Region> parse_region(JsonView json) {
    Region out;
    out.name = json["name"].text_or();
    out.id = json["id"].text_or(out.name);
    if (out.name.empty()) return std::nullopt;
    out.location = json["location"].text_or();
    out.country = json["country"].text_or();
    auto deprecation = json["deploymentConstraints"]["deprecationInfo"];
    out.is_deprecated = deprecation["isDeprecated"].boolean().value_or(false);
    if (out.is_deprecated) out.replacement = deprecation["replacementRegion"].text_or();
    return out;
}

std::optional<LogLine> parse_log_line(JsonView json) {
    LogLine out;
    out.timestamp = json["timestamp"].text_or();
    auto message = json["message"].text();
    if (out.timestamp.empty() || !message) return std::nullopt;
    out.message = std::move(*message);
    out.severity = json["severity"].text_or();
    out.deployment = id<DeploymentId>(json["tags"]["deploymentId"]);
    out.service = id<ServiceId>(json["tags"]["serviceId"]);
    for (auto attribute : json["attributes"].items())
        if (auto key = attribute["key"].text()) out.attributes.emplace(*key, attribute["value"].text_or());
    return out;
}

std::optional<HttpLogLine> parse_http_log_line(JsonView json) {
    HttpLogLine out;
    out.timestamp = json["timestamp"].text_or();
    if (out.timestamp.empty()) return std::nullopt;
    out.request_id = json["requestId"].text_or();
    out.method = json["method"].text_or();
    out.path = json["path"].text_or();
    out.host = json["host"].text_or();
    out.status = small(json["httpStatus"]).value_or(0);
    out.total_duration_ms = small(json["totalDuration"]).value_or(0);
    out.upstream_duration_ms = small(json["upstreamRqDuration"]).value_or(0);
    out.received_bytes = json["rxBytes"].integer().value_or(0);
    out.sent_bytes = json["txBytes"].integer().value_or(0);
    out.client_address = json["srcIp"].text_or();
    out.user_agent = json["clientUa"].text_or();
    out.edge_region = json["edgeRegion"].text_or();
    out.upstream_errors = json["upstreamErrors"].text_or();
    out.details = json["responseDetails"].text_or();
    return out;
}

LogLine as_log_line(const HttpLogLine& line) {
    LogLine out;
    out.timestamp = line.timestamp;
    out.message = fmt::format("{} {}{} {} {} ms", line.method, line.host, line.path, line.status,
                              line.total_duration_ms);
    out.severity = line.status >= 500 ? "error" : "info";
    auto text = [&](std::string_view name, std::string_view value) {
        if (!value.empty()) out.attributes.emplace(name, boost::json::serialize(boost::json::string(value)));
    };
    auto number = [&](std::string_view name, std::int64_t value) {
        out.attributes.emplace(name, std::to_string(value));
    };
    text("requestId", line.request_id);
    text("method", line.method);
    text("host", line.host);
    text("path", line.path);
    text("srcIp", line.client_address);
    text("clientUa", line.user_agent);
    text("edgeRegion", line.edge_region);
    text("upstreamErrors", line.upstream_errors);
    text("responseDetails", line.details);
    number("httpStatus", line.status);
    number("totalDuration", line.total_duration_ms);
    number("upstreamRqDuration", line.upstream_duration_ms);
    number("rxBytes", line.received_bytes);
    number("txBytes", line.sent_bytes);
    return out;
}

Variables parse_variables(JsonView json) {
    Variables out;
    auto* object = json.object();
    if (!object) return out;
    for (const auto& pair : *object) {
        std::string name(pair.key());
        JsonView value(pair.value());
        if (name.starts_with("RAILWAY_") || !value.present()) continue;
        out.emplace(std::move(name), SecretText(value.text() ? *value.text() : value.serialised()));
    }
    return out;
}

void apply_config(ServiceInstance& instance, JsonView config) {
    auto deploy = config["deploy"];
    if (auto regions = parse_regions(deploy["multiRegionConfig"]); !regions.empty()) {
        // numReplicas of the instance reads 1 when there are several regions.
        instance.replicas = sum(regions);
        if (regions.size() == 1 && instance.region.empty()) instance.region = regions.begin()->first;
        if (regions.size() > 1) instance.replicas_by_region = std::move(regions);
    }
    instance.image_auto_updates = config["source"]["autoUpdates"]["type"].text();
    if (auto limits = deploy["limitOverride"]; limits.present()) apply_limits(instance, limits);
    if (auto* variables = config["variables"].object())
        for (const auto& variable : *variables)
            if (JsonView(variable.value())["isSealed"].boolean().value_or(false))
                instance.sealed_variables.emplace_back(variable.key());
    std::sort(instance.sealed_variables.begin(), instance.sealed_variables.end());
}

void apply_limits(ServiceInstance& instance, JsonView limits) {
    // Not documented; both forms are what clients have seen.
    auto containers = limits["containers"];
    if (auto cpu = containers["cpu"].number()) instance.cpu_limit_vcpus = cpu;
    if (auto cpu = limits["vCPUs"].number()) instance.cpu_limit_vcpus = cpu;
    if (auto bytes = containers["memoryBytes"].number()) instance.memory_limit_gb = gigabytes(*bytes);
    if (auto gb = limits["memoryGB"].number()) instance.memory_limit_gb = gb;
}

}  // namespace seance::railway
