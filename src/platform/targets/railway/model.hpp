#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/duration.hpp"
#include "core/base/secret.hpp"
#include "platform/targets/railway/ids.hpp"

// What Railway answers, as structs. Times are RFC 3339 text (remote::parse_timestamp reads it). An optional
// is absent when the answer left it out or said null; an empty string stands for an absent text.
namespace seance::railway {

using Variables = std::map<std::string, SecretText>;

struct EnvironmentName {
    EnvironmentId id;
    std::string name;
    bool is_ephemeral = false;  // a pull request's
};

struct ServiceName {
    ServiceId id;
    std::string name;
};

struct VolumeName {
    VolumeId id;
    std::string name;
};

struct Project {
    ProjectId id;
    std::string name;
    std::string created_at;  // "" if not told
    WorkspaceId workspace;   // empty if not told
    std::vector<EnvironmentName> environments;
    std::vector<ServiceName> services;  // of all environments; names may repeat
    std::vector<VolumeName> volumes;
};

// Unknown: a value this program does not know.
enum class DeploymentStatus {
    Queued,
    Initializing,
    Waiting,
    NeedsApproval,
    Building,
    Deploying,
    Success,
    Sleeping,
    Failed,
    Crashed,
    Skipped,
    Removing,
    Removed,
    Unknown,
};

struct DeploymentInstance {
    std::string id, status;  // CREATED, RUNNING, CRASHED, EXITED, …
};

struct Deployment {
    DeploymentId id;
    DeploymentStatus status = DeploymentStatus::Unknown;
    std::string status_text;  // as Railway spells it
    std::string created_at, status_updated_at;
    ServiceId service;
    EnvironmentId environment;
    std::string url;
    // From `meta`, which is not documented: all of these may be missing from a good deployment.
    std::string image;            // the reference as it was configured
    std::string image_digest;     // "sha256:…"
    std::string commit;           // only of repository deployments
    std::optional<int> replicas;  // over all regions
    boost::json::object meta;     // all of it
    bool can_rollback = false, can_redeploy = false;
    bool stopped = false;                       // someone stopped it: a Success that does not run
    std::string creator;                        // e-mail or name; "" if not told
    std::vector<DeploymentInstance> instances;  // empty in listings of a whole environment
};

struct DeploymentEvent {
    std::string id;
    std::string step;                      // CREATE_CONTAINER, HEALTHCHECK, …
    std::string created_at, completed_at;  // completed_at "" while it goes on
    std::optional<std::int64_t> attempt, max_attempts, duration_ms;
    std::string detail, reason, error;
    bool skipped = false;
};

struct DnsRecord {
    enum class Purpose { TrafficRoute, AcmeChallenge, Unknown };
    enum class Status { Propagated, RequiresUpdate, Unknown };
    Purpose purpose = Purpose::Unknown;
    Status status = Status::Unknown;
    std::string type;       // "CNAME", "A", "TXT", "NS"; "" if unknown
    std::string hostlabel;  // relative to `zone`
    std::string fqdn;
    std::string zone;  // Railway's guess; the DNS provider's real zone may be another
    std::string required_value, current_value;
};

enum class CertificateStatus { ValidatingOwnership, Issuing, Valid, IssueFailed, Unknown };

struct CustomDomain {
    CustomDomainId id;
    std::string domain;
    ServiceId service;
    EnvironmentId environment;
    std::optional<int> target_port;      // absent: Railway guesses
    std::string sync_status;             // ACTIVE, CREATING, DELETING, …
    std::vector<DnsRecord> dns_records;  // WITHOUT the ownership TXT: see needed_records()
    std::string verification_host;       // "" if not told; relative to the zone or complete
    std::string verification_token;      // with "railway-verify=" once, several times or not at all
    bool verified = false;
    CertificateStatus certificate = CertificateStatus::Unknown;
    std::string certificate_detail;  // an ACME step
    std::string certificate_error;   // kind and message
    std::optional<bool> certificate_retryable;
    std::vector<std::string> certificate_expiries;
    bool behind_cloudflare = false;  // Railway has seen Cloudflare's proxy
};

struct ServiceDomain {
    ServiceDomainId id;
    std::string domain;  // complete: "<name>.up.railway.app"
    std::optional<int> target_port;
    std::string sync_status;
};

struct TcpProxy {
    std::string id, domain;
    int proxy_port = 0, application_port = 0;
};

enum class RestartPolicy { OnFailure, Always, Never, Unknown };

// A service in one environment as it is configured (not as it runs: see its deployments).
struct ServiceInstance {
    ServiceId service;
    std::string name;
    std::string image, repo;                         // one of them, or neither
    std::string region;                              // "": the workspace's preference
    std::optional<int> replicas;                     // over all regions
    std::map<std::string, int> replicas_by_region;   // empty unless several regions are configured
    std::string healthcheck_path;                    // "": none
    std::optional<int> healthcheck_timeout_seconds;  // absent: 300
    RestartPolicy restart_policy = RestartPolicy::Unknown;
    std::optional<int> restart_max_retries;
    std::optional<int> overlap_seconds, draining_seconds;  // absent: 0
    std::string start_command;                             // "": the image's
    std::vector<std::string> pre_deploy_command;
    std::string cron_schedule;
    std::optional<bool> sleeps;
    // Only what was set for this service; absent: the plan's limits.
    std::optional<double> cpu_limit_vcpus, memory_limit_gb;
    std::optional<std::string> image_auto_updates;  // "disabled", "patch", "minor"
    std::optional<Deployment> latest;
    std::vector<Deployment> active;
    std::vector<CustomDomain> custom_domains;
    std::vector<ServiceDomain> service_domains;
    std::vector<TcpProxy> tcp_proxies;
    // Without those that Railway itself gives (RAILWAY_…); ${{references}} as they were written.
    Variables variables;
    std::vector<std::string> sealed_variables;  // names: their values are told to nobody
};

struct VolumeInstance {
    std::string id;
    VolumeId volume;
    std::string volume_name;
    ServiceId service;  // empty: attached to none
    std::string mount_path;
    double size_mb = 0, used_mb = 0;
    std::string region;
    std::string state;  // READY, UPDATING, …; "" if not told
    bool is_pending_deletion = false;
};

// Everything a plan compares with, read in two rounds of calls.
struct EnvironmentState {
    ProjectId project;
    std::string project_name;
    EnvironmentId environment;
    std::string name;
    std::string config_etag;                  // changes with every change of the configuration
    std::optional<int> unmerged_changes;      // staged by a person in the dashboard, not committed
    std::vector<ServiceInstance> services;    // with an instance in this environment
    std::vector<ServiceName> other_services;  // of the project, without an instance here
    std::vector<VolumeInstance> volumes;      // mounted or not
    std::vector<VolumeName> other_volumes;    // of the project, without an instance here
    Variables shared_variables;
};

struct Region {
    std::string id, name, location, country;
    bool is_deprecated = false;
    std::string replacement;  // when deprecated
};

struct LogLine {
    std::string timestamp;  // RFC 3339 with nanoseconds, as text
    std::string message;
    std::string severity;  // "info", "error", …; "" if not told
    DeploymentId deployment;
    ServiceId service;
    std::map<std::string, std::string> attributes;  // values are JSON text
    bool operator==(const LogLine&) const = default;
};

struct HttpLogLine {
    std::string timestamp, request_id, method, path, host;
    int status = 0;
    int total_duration_ms = 0, upstream_duration_ms = 0;
    std::int64_t received_bytes = 0, sent_bytes = 0;
    std::string client_address, user_agent, edge_region, upstream_errors, details;
};

enum class Measurement { Cpu, Memory, Disk, Backup, NetworkOut };

struct Usage {
    Measurement measurement = Measurement::Cpu;
    double value = 0;   // vCPU-minutes, GB-minutes; GB for NetworkOut
    ServiceId service;  // empty: of the project, not of a service
};

struct Bill {
    double current_usage_dollars = 0;
    std::string period_start, period_end;
    std::optional<int> soft_limit_dollars, hard_limit_dollars;
    bool is_over_limit = false;
};

struct PrivateNetwork {
    std::string id, name, dns_name;
};

}  // namespace seance::railway
