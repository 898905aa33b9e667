#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "platform/targets/railway/graphql.hpp"
#include "platform/targets/railway/model.hpp"

namespace seance::railway {

struct NewService {
    std::string name;  // lower case without spaces: it becomes the name in the private network
    // "" = none yet. Whether a new service with an image deploys at once is not told: leave it empty, attach
    // volumes, set variables, then set it with update_service_instance(), which deploys nothing.
    std::string image;
};

struct RegistryLogin {
    std::string username;
    SecretText password;
};

// Changes of a service in one environment: what is absent is left alone and not sent.
struct ServiceChanges {
    std::optional<std::string> image;
    std::optional<RegistryLogin> registry_login;  // Pro plan only
    std::optional<std::string> region;
    std::optional<int> replicas;
    std::optional<std::map<std::string, int>> replicas_by_region;  // supersedes region and replicas
    std::optional<std::string> healthcheck_path;                   // "" = none
    std::optional<int> healthcheck_timeout_seconds;
    std::optional<RestartPolicy> restart_policy;
    std::optional<int> restart_max_retries;
    std::optional<int> overlap_seconds, draining_seconds;
    std::optional<std::string> start_command;  // "" = the image's
    std::optional<std::vector<std::string>> pre_deploy_command;
    std::optional<std::string> cron_schedule;
    std::optional<bool> sleeps;

    bool empty() const;
};

struct Limits {
    std::optional<double> vcpus, memory_gb;
};

// `All` removes every variable that is not in the collection, those added by hand included.
enum class Replace { OnlyGiven, All };

struct DeploymentFilter {
    std::optional<ServiceId> service;
    std::vector<DeploymentStatus> in, not_in;
    std::size_t most = 50;  // newest first; asked for in pages
};

struct DeploymentWithEvents {
    Deployment deployment;
    std::vector<DeploymentEvent> events;  // oldest first, the newest 20
};

struct LatestDeployment {
    ServiceId service;
    std::string service_name;
    std::optional<Deployment> deployment;  // absent: never deployed
};

struct LogQuery {
    int limit = 100;           // 1 to 5000
    std::string filter;        // Railway's filter language; "" = all
    std::string since, until;  // RFC 3339, "" = open
};

// Railway's operations, typed. Used on the loop of its Graphql, which it refers to. Every change takes the
// ids of all that it acts on: none of the calls that would act on every environment, or detach a volume, can
// be written. All may be called several at a time.
//
// A FailureKind::Unreachable of what is marked [new thing] leaves open whether it was made: list by name
// before trying again. Everything else may simply be called again.
class Api {
  public:
    explicit Api(Graphql& graphql) : graphql_(graphql) {}

    // What the token is. One that was given as the wrong kind is found out and used rightly from then on.
    Awaitable<Reply<CredentialInfo>> probe_credential();

    // Projects with exactly this name, with their environments (services and volumes are not read). With a
    // project token only its own project is looked at.
    Awaitable<Reply<std::vector<Project>>> find_projects(std::string name, WorkspaceId workspace = {});
    Awaitable<Reply<Project>> project(ProjectId id);  // with environments, services, volumes
    // [new thing] Needs an account or workspace token.
    Awaitable<Reply<Project>> create_project(std::string name, WorkspaceId workspace,
                                             std::string environment_name);
    Awaitable<Reply<std::vector<EnvironmentName>>> environments(ProjectId project);
    Awaitable<Reply<EnvironmentName>> create_environment(ProjectId project, std::string name);  // [new thing]
    Awaitable<Reply<std::vector<Region>>> regions(ProjectId project);
    Awaitable<Reply<std::vector<PrivateNetwork>>> private_networks(EnvironmentId environment);

    // All that a plan needs, in two rounds of calls.
    Awaitable<Reply<EnvironmentState>> read_environment(ProjectId project, EnvironmentId environment);

    // [new thing] Railway makes the service in every environment that is no fork of another one.
    Awaitable<Reply<ServiceName>> create_service(ProjectId project, EnvironmentId environment,
                                                 NewService service);
    // In a fork: there alone. In any other environment: in all that are no forks, says Railway's schema.
    Awaitable<Reply<void>> delete_service(EnvironmentId environment, ServiceId service);
    // The schema says the same of this one ("experimental"), while its clients see only this environment
    // changed: compare the others afterwards where a project has several that are no forks.
    Awaitable<Reply<void>> update_service_instance(EnvironmentId environment, ServiceId service,
                                                   ServiceChanges changes);
    // Give both: whether one that is left out stays is not told.
    Awaitable<Reply<void>> set_limits(EnvironmentId environment, ServiceId service, Limits limits);

    // Never deploys. Shared variables are not touched.
    Awaitable<Reply<void>> upsert_variables(Place place, Variables variables, Replace replace);
    // Those of the environment, which no service gets unless it refers to them. Never deploys.
    Awaitable<Reply<Variables>> shared_variables(ProjectId project, EnvironmentId environment);
    Awaitable<Reply<void>> upsert_shared_variables(ProjectId project, EnvironmentId environment,
                                                   Variables variables);
    // Of the variables that deployments were started with, those of these names: nothing secret is read.
    // A deployment whose snapshot Railway no longer has is left out.
    Awaitable<Reply<std::map<DeploymentId, std::map<std::string, std::string>>>> deployment_variables(
        std::vector<DeploymentId> deployments, std::vector<std::string> names);
    // Railway does not say whether this deploys: prefer upsert_variables with Replace::All.
    Awaitable<Reply<void>> delete_variable(Place place, std::string name);

    // [new thing] Deploys what is configured now.
    Awaitable<Reply<DeploymentId>> deploy(EnvironmentId environment, ServiceId service);
    Awaitable<Reply<Deployment>> deployment(DeploymentId id);
    // Several in one call, in the order asked for: for watching. At most kMostWatched.
    Awaitable<Reply<std::vector<DeploymentWithEvents>>> watch_deployments(std::vector<DeploymentId> ids);
    static constexpr std::size_t kMostWatched = 50;
    Awaitable<Reply<std::vector<LatestDeployment>>> latest_deployments(EnvironmentId environment);
    Awaitable<Reply<std::vector<Deployment>>> deployments(ProjectId project, EnvironmentId environment,
                                                          DeploymentFilter filter);
    Awaitable<Reply<std::vector<DeploymentEvent>>> deployment_events(DeploymentId id);  // all, oldest first
    // [new thing] Its snapshot again, as a new deployment: `UsePreviousImage` keeps the tag's old image.
    enum class RedeployImage { AsConfigured, UsePrevious };
    Awaitable<Reply<Deployment>> redeploy(DeploymentId id, RedeployImage image);
    Awaitable<Reply<void>> rollback(const DeploymentId& id);  // [new thing] brings back its variables too
    Awaitable<Reply<void>> restart(const DeploymentId& id);   // [new thing]
    Awaitable<Reply<void>> cancel(const DeploymentId& id);    // one in progress
    Awaitable<Reply<void>> stop(const DeploymentId& id);      // a running one

    struct Domains {
        std::vector<CustomDomain> custom;
        std::vector<ServiceDomain> service;
    };
    Awaitable<Reply<Domains>> domains(Place place);
    Awaitable<Reply<CustomDomain>> custom_domain(ProjectId project, CustomDomainId id);
    // The domain if it is there already (whatever its port), else a new one; with its DNS records.
    Awaitable<Reply<CustomDomain>> ensure_custom_domain(Place place, std::string domain, int target_port);
    Awaitable<Reply<void>> set_custom_domain_port(EnvironmentId environment, CustomDomainId id,
                                                  int target_port);
    Awaitable<Reply<void>> delete_custom_domain(CustomDomainId id);
    // Asks again for a certificate; only when it is IssueFailed and not `retryable == false`.
    Awaitable<Reply<void>> issue_certificate(const CustomDomainId& id);
    Awaitable<Reply<ServiceDomain>> create_service_domain(Place place, int target_port);  // [new thing]
    Awaitable<Reply<void>> delete_service_domain(ServiceDomainId id);

    // [new thing] In this environment only, attached to this service.
    Awaitable<Reply<VolumeName>> create_volume(Place place, std::string mount_path, std::string region = {});
    Awaitable<Reply<void>> attach_volume(EnvironmentId environment, ServiceId service, VolumeId volume,
                                         std::string mount_path);
    Awaitable<Reply<void>> delete_volume(VolumeId volume);  // recoverable for 48 hours

    // Oldest first, the newest `limit` of them.
    Awaitable<Reply<std::vector<LogLine>>> build_logs(const DeploymentId& id, LogQuery query);
    Awaitable<Reply<std::vector<LogLine>>> deployment_logs(const DeploymentId& id, LogQuery query);
    Awaitable<Reply<std::vector<LogLine>>> environment_logs(const EnvironmentId& id,
                                                            LogQuery query);  // all services
    Awaitable<Reply<std::vector<HttpLogLine>>> http_logs(DeploymentId id, LogQuery query);

    // Of the current billing period, by service.
    Awaitable<Reply<std::vector<Usage>>> usage(ProjectId project);
    // To the end of the billing period, of the whole project.
    Awaitable<Reply<std::vector<Usage>>> estimated_usage(ProjectId project);
    Awaitable<Reply<Bill>> bill(WorkspaceId workspace);  // not with a project token

    Graphql& graphql() { return graphql_; }

  private:
    Awaitable<Reply<boost::json::object>> call(Call call);
    Awaitable<Reply<void>> change(Call call);
    Awaitable<Failure> explain(Failure failure);
    Awaitable<Reply<void>> act_on(Mutation mutation, std::string id, Idempotent idempotent);
    Awaitable<Reply<std::vector<LogLine>>> logs(Query query, std::string id, LogQuery limits);
    Awaitable<Reply<void>> read_more_instances(EnvironmentState& state, boost::json::object& first);
    Awaitable<Reply<void>> read_details(EnvironmentState& state, std::size_t from, std::size_t to);

    Graphql& graphql_;
    std::optional<CredentialInfo> known_;  // from an earlier probe
};

}  // namespace seance::railway
