#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace seance::railway {

// A GraphQL document. `name` is its operation's name and what errors call it.
struct Document {
    std::string name;
    std::string text;
};

enum class Query {
    Me,
    ApiToken,
    ProjectToken,
    Projects,
    Project,
    Environments,
    Regions,
    PrivateNetworks,
    Environment,
    MoreServiceInstances,
    MoreVolumeInstances,
    Deployments,
    Deployment,
    DeploymentEvents,
    LatestDeployments,
    Domains,
    CustomDomain,
    BuildLogs,
    DeploymentLogs,
    EnvironmentLogs,
    HttpLogs,
    Usage,
    EstimatedUsage,
    WorkspaceBill,
};
enum class Mutation {
    ProjectCreate,
    EnvironmentCreate,
    ServiceCreate,
    ServiceDelete,
    ServiceInstanceUpdate,
    ServiceInstanceLimitsUpdate,
    VariableCollectionUpsert,
    VariableDelete,
    ServiceInstanceDeploy,
    DeploymentRedeploy,
    DeploymentRollback,
    DeploymentRestart,
    DeploymentCancel,
    DeploymentStop,
    CustomDomainCreate,
    CustomDomainUpdate,
    CustomDomainDelete,
    CustomDomainIssueCertificate,
    ServiceDomainCreate,
    ServiceDomainDelete,
    VolumeCreate,
    VolumeAttach,
    VolumeDelete,
};
enum class Subscription {
    Deployment,
    DeploymentEvents,
    BuildLogs,
    DeploymentLogs,
    EnvironmentLogs,
    HttpLogs
};

Document document(Query query);
Document document(Mutation mutation);
Document document(Subscription subscription);

// Variables, limits and TCP proxies of so many services in one query: aliases v0, l0, t0, v1, … over the
// variables $projectId, $environmentId, $s0, $s1, …
Document service_details_document(std::size_t services);
// So many deployments with their newest events in one query: aliases d0, e0, … over $d0, $d1, …
Document deployments_by_id_document(std::size_t deployments);

// The variables that so many deployments were started with: aliases d0, d1, … over $d0, $d1, …
Document deployment_snapshots_document(std::size_t deployments);
// Variables of an environment that belong to no service.
Document shared_variables_document();
Document shared_variables_upsert_document();  // never deploys

// Everything this program can send, for validation against the published schema.
std::vector<Document> all_documents();

}  // namespace seance::railway
