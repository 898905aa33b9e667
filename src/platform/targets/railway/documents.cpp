#include "platform/targets/railway/documents.hpp"

#include <fmt/format.h>

#include <array>
#include <stdexcept>

// Every name and type here is checked against the published schema by
// tests/end_to_end/railway_documents.test.mjs.
//
// Variables are declared non-null where the schema would take null for "every environment" or "no service":
// a call without them is refused before it does anything.
namespace seance::railway {
namespace {

constexpr std::string_view kPage = "pageInfo { hasNextPage endCursor }";

// Fragments, by the name that documents spread.
struct Fragment {
    std::string_view name, text;
};
constexpr std::array kFragments{
    Fragment{"Summary",
             "fragment Summary on Deployment { id status statusUpdatedAt createdAt url meta canRedeploy "
             "canRollback "
             "deploymentStopped serviceId environmentId }"},
    Fragment{"Whole",
             "fragment Whole on Deployment { ...Summary creator { name email } instances { id status } }"},
    Fragment{"Event",
             "fragment Event on DeploymentEvent { id step createdAt completedAt payload { attempt "
             "maxAttempts detail "
             "durationMs error reason skipped } }"},
    Fragment{
        "Custom",
        "fragment Custom on CustomDomain { id domain serviceId environmentId targetPort syncStatus deletedAt "
        "status { verified verificationDnsHost verificationToken certificateStatus certificateStatusDetailed "
        "certificateErrorType certificateErrorMessage certificateRetryable certificates { expiresAt } "
        "cdnProvider "
        "dnsRecords { hostlabel fqdn zone recordType requiredValue currentValue status purpose } } }"},
    Fragment{"Given", "fragment Given on ServiceDomain { id domain targetPort syncStatus deletedAt }"},
    Fragment{"Instance",
             "fragment Instance on ServiceInstance { id serviceId serviceName source { image repo } region "
             "numReplicas "
             "healthcheckPath healthcheckTimeout restartPolicyType restartPolicyMaxRetries overlapSeconds "
             "drainingSeconds startCommand preDeployCommand cronSchedule sleepApplication deletedAt "
             "latestDeployment { ...Summary } activeDeployments { ...Summary } "
             "domains { customDomains { ...Custom } serviceDomains { ...Given } } }"},
    Fragment{"Mounted",
             "fragment Mounted on VolumeInstance { id volumeId serviceId mountPath sizeMB currentSizeMB "
             "region state "
             "isPendingDeletion deletedAt volume { id name } }"},
    Fragment{"Line",
             "fragment Line on Log { timestamp message severity attributes { key value } tags { deploymentId "
             "serviceId } }"},
    Fragment{"Answered",
             "fragment Answered on HttpLog { timestamp requestId method path host httpStatus totalDuration "
             "upstreamRqDuration srcIp clientUa edgeRegion txBytes rxBytes upstreamErrors responseDetails }"},
};

// The document with the fragments that it needs behind it.
Document complete(std::string_view name, std::string text) {
    std::string body = std::move(text);
    // Backwards: fragments spread only those that stand before them.
    for (auto fragment = kFragments.rbegin(); fragment != kFragments.rend(); ++fragment)
        if (body.find(fmt::format("...{} ", fragment->name)) != std::string::npos)
            body += fmt::format("\n{}", fragment->text);
    return {std::string(name), std::move(body)};
}

std::string connection(std::string_view head, std::string_view fields) {
    return fmt::format("{} {{ edges {{ node {{ {} }} }} {} }}", head, fields, kPage);
}

std::string text_of(Query query) {
    switch (query) {
        case Query::Me:
            return "query me { me { id name email workspaces { id name } } }";
        case Query::ApiToken:
            return "query apiToken { apiToken { workspaces { id name } } }";
        case Query::ProjectToken:
            return "query projectToken { projectToken { projectId environmentId project { id name } "
                   "environment { id "
                   "name } } }";
        case Query::Projects:
            return fmt::format("query projects($workspaceId: String, $after: String) {{ {} }}",
                               connection("projects(workspaceId: $workspaceId, first: 100, after: $after)",
                                          "id name workspaceId deletedAt " +
                                              connection("environments(first: 100)", "id name isEphemeral")));
        case Query::Project:
            return fmt::format(
                "query project($id: String!, $environmentsAfter: String, $servicesAfter: String, "
                "$volumesAfter: "
                "String) {{ project(id: $id) {{ id name createdAt workspaceId {} {} {} }} }}",
                connection("environments(first: 100, after: $environmentsAfter)", "id name isEphemeral"),
                connection("services(first: 100, after: $servicesAfter)", "id name deletedAt"),
                connection("volumes(first: 100, after: $volumesAfter)", "id name"));
        case Query::Environments:
            return fmt::format("query environments($projectId: String!, $after: String) {{ {} }}",
                               connection("environments(projectId: $projectId, first: 100, after: $after)",
                                          "id name isEphemeral deletedAt"));
        case Query::Regions:
            return "query regions($projectId: String) { regions(projectId: $projectId) { id name location "
                   "country "
                   "deploymentConstraints { deprecationInfo { isDeprecated replacementRegion } } } }";
        case Query::PrivateNetworks:
            return "query privateNetworks($environmentId: String!) { privateNetworks(environmentId: "
                   "$environmentId) { "
                   "publicId name dnsName deletedAt } }";
        case Query::Environment:
            return fmt::format(
                "query environment($id: String!, $projectId: String!) {{ environment(id: $id, projectId: "
                "$projectId) "
                "{{ id name configEtag unmergedChangesCount config(decryptVariables: false) {} {} }} "
                "variables(projectId: $projectId, environmentId: $id, unrendered: true) }}",
                connection("serviceInstances(first: 100)", "...Instance "),
                connection("volumeInstances(first: 100)", "...Mounted "));
        case Query::MoreServiceInstances:
            return fmt::format(
                "query moreServiceInstances($id: String!, $projectId: String!, $after: String!) {{ "
                "environment(id: "
                "$id, projectId: $projectId) {{ {} }} }}",
                connection("serviceInstances(first: 100, after: $after)", "...Instance "));
        case Query::MoreVolumeInstances:
            return fmt::format(
                "query moreVolumeInstances($id: String!, $projectId: String!, $after: String!) {{ "
                "environment(id: "
                "$id, projectId: $projectId) {{ {} }} }}",
                connection("volumeInstances(first: 100, after: $after)", "...Mounted "));
        case Query::Deployments:
            return fmt::format(
                "query deployments($input: DeploymentListInput!, $first: Int!, $after: String) {{ {} }}",
                connection("deployments(input: $input, first: $first, after: $after)", "...Whole "));
        case Query::Deployment:
            return "query deployment($id: String!) { deployment(id: $id) { ...Whole } }";
        case Query::DeploymentEvents:
            return fmt::format(
                "query deploymentEvents($id: String!, $after: String) {{ {} }}",
                connection("deploymentEvents(id: $id, first: 100, after: $after)", "...Event "));
        case Query::LatestDeployments:
            return fmt::format(
                "query latestDeployments($id: String!, $after: String) {{ environment(id: $id) {{ {} }} }}",
                connection("serviceInstances(first: 100, after: $after)",
                           "serviceId serviceName deletedAt latestDeployment { ...Summary }"));
        case Query::Domains:
            return "query domains($projectId: String!, $environmentId: String!, $serviceId: String!) { "
                   "domains(projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId) { "
                   "customDomains { ...Custom } serviceDomains { ...Given } } }";
        case Query::CustomDomain:
            return "query customDomain($id: String!, $projectId: String!) { customDomain(id: $id, projectId: "
                   "$projectId) { ...Custom } }";
        case Query::BuildLogs:
            return "query buildLogs($id: String!, $limit: Int!, $filter: String!, $since: DateTime, $until: "
                   "DateTime) "
                   "{ buildLogs(deploymentId: $id, limit: $limit, filter: $filter, startDate: $since, "
                   "endDate: "
                   "$until) { ...Line } }";
        case Query::DeploymentLogs:
            return "query deploymentLogs($id: String!, $limit: Int!, $filter: String!, $since: DateTime, "
                   "$until: "
                   "DateTime) { deploymentLogs(deploymentId: $id, limit: $limit, filter: $filter, startDate: "
                   "$since, "
                   "endDate: $until) { ...Line } }";
        // Of the anchored form only what is plain: the newest lines up to a date. Its beforeDate is "the
        // oldest date before the anchor" in the schema's words and the newest in others': what is too old is
        // dropped here.
        case Query::EnvironmentLogs:
            return "query environmentLogs($id: String!, $limit: Int!, $filter: String!, $until: String) { "
                   "environmentLogs(environmentId: $id, filter: $filter, anchorDate: $until, beforeLimit: "
                   "$limit) { "
                   "...Line } }";
        case Query::HttpLogs:
            return "query httpLogs($id: String!, $limit: Int!, $filter: String!, $until: String) { "
                   "httpLogs(deploymentId: $id, filter: $filter, anchorDate: $until, beforeLimit: $limit) { "
                   "...Answered } }";
        case Query::Usage:
            return "query usage($projectId: String!, $measurements: [MetricMeasurement!]!, $groupBy: "
                   "[MetricTag!]) { "
                   "usage(projectId: $projectId, measurements: $measurements, groupBy: $groupBy) { "
                   "measurement value "
                   "tags { serviceId } } }";
        case Query::EstimatedUsage:
            return "query estimatedUsage($projectId: String!, $measurements: [MetricMeasurement!]!) { "
                   "estimatedUsage(projectId: $projectId, measurements: $measurements) { projectId "
                   "measurement "
                   "estimatedValue } }";
        case Query::WorkspaceBill:
            return "query workspaceBill($id: String!) { workspace(workspaceId: $id) { customer { "
                   "currentUsage "
                   "billingPeriod { start end } usageLimit { softLimit hardLimit isOverLimit } } } }";
    }
    throw std::logic_error("an unknown query");
}

std::string text_of(Mutation mutation) {
    switch (mutation) {
        case Mutation::ProjectCreate:
            return "mutation projectCreate($input: ProjectCreateInput!) { projectCreate(input: $input) { id "
                   "name "
                   "workspaceId environments(first: 100) { edges { node { id name isEphemeral } } } } }";
        case Mutation::EnvironmentCreate:
            return "mutation environmentCreate($projectId: String!, $name: String!) { "
                   "environmentCreate(input: { "
                   "projectId: $projectId, name: $name }) { id name isEphemeral } }";
        case Mutation::ServiceCreate:
            return "mutation serviceCreate($projectId: String!, $environmentId: String!, $name: String!, "
                   "$source: "
                   "ServiceSourceInput) { serviceCreate(input: { projectId: $projectId, environmentId: "
                   "$environmentId, name: $name, source: $source }) { id name } }";
        case Mutation::ServiceDelete:
            return "mutation serviceDelete($environmentId: String!, $id: String!) { "
                   "serviceDelete(environmentId: "
                   "$environmentId, id: $id) }";
        case Mutation::ServiceInstanceUpdate:
            return "mutation serviceInstanceUpdate($environmentId: String!, $serviceId: String!, $input: "
                   "ServiceInstanceUpdateInput!) { serviceInstanceUpdate(environmentId: $environmentId, "
                   "serviceId: "
                   "$serviceId, input: $input) }";
        case Mutation::ServiceInstanceLimitsUpdate:
            return "mutation serviceInstanceLimitsUpdate($input: ServiceInstanceLimitsUpdateInput!) { "
                   "serviceInstanceLimitsUpdate(input: $input) }";
        case Mutation::VariableCollectionUpsert:
            // skipDeploys is false by default: each upsert would deploy.
            return "mutation variableCollectionUpsert($projectId: String!, $environmentId: String!, "
                   "$serviceId: "
                   "String!, $variables: EnvironmentVariables!, $replace: Boolean!) { "
                   "variableCollectionUpsert(input: "
                   "{ projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId, "
                   "variables: "
                   "$variables, replace: $replace, skipDeploys: true }) }";
        case Mutation::VariableDelete:
            return "mutation variableDelete($projectId: String!, $environmentId: String!, $serviceId: "
                   "String!, $name: "
                   "String!) { variableDelete(input: { projectId: $projectId, environmentId: $environmentId, "
                   "serviceId: $serviceId, name: $name }) }";
        case Mutation::ServiceInstanceDeploy:
            return "mutation serviceInstanceDeployV2($environmentId: String!, $serviceId: String!) { "
                   "serviceInstanceDeployV2(environmentId: $environmentId, serviceId: $serviceId) }";
        case Mutation::DeploymentRedeploy:
            return "mutation deploymentRedeploy($id: String!, $usePreviousImageTag: Boolean!) { "
                   "deploymentRedeploy(id: $id, usePreviousImageTag: $usePreviousImageTag) { ...Whole } }";
        case Mutation::DeploymentRollback:
            return "mutation deploymentRollback($id: String!) { deploymentRollback(id: $id) }";
        case Mutation::DeploymentRestart:
            return "mutation deploymentRestart($id: String!) { deploymentRestart(id: $id) }";
        case Mutation::DeploymentCancel:
            return "mutation deploymentCancel($id: String!) { deploymentCancel(id: $id) }";
        case Mutation::DeploymentStop:
            return "mutation deploymentStop($id: String!) { deploymentStop(id: $id) }";
        case Mutation::CustomDomainCreate:
            return "mutation customDomainCreate($input: CustomDomainCreateInput!) { "
                   "customDomainCreate(input: $input) "
                   "{ ...Custom } }";
        case Mutation::CustomDomainUpdate:
            return "mutation customDomainUpdate($id: String!, $environmentId: String!, $targetPort: Int!) { "
                   "customDomainUpdate(id: $id, environmentId: $environmentId, targetPort: $targetPort) }";
        case Mutation::CustomDomainDelete:
            return "mutation customDomainDelete($id: String!) { customDomainDelete(id: $id) }";
        case Mutation::CustomDomainIssueCertificate:
            return "mutation customDomainIssueCertificate($id: String!) { customDomainIssueCertificate(id: "
                   "$id) }";
        case Mutation::ServiceDomainCreate:
            return "mutation serviceDomainCreate($input: ServiceDomainCreateInput!) { "
                   "serviceDomainCreate(input: "
                   "$input) { ...Given } }";
        case Mutation::ServiceDomainDelete:
            return "mutation serviceDomainDelete($id: String!) { serviceDomainDelete(id: $id) }";
        case Mutation::VolumeCreate:
            return "mutation volumeCreate($projectId: String!, $environmentId: String!, $serviceId: String!, "
                   "$mountPath: String!, $region: String) { volumeCreate(input: { projectId: $projectId, "
                   "environmentId: $environmentId, serviceId: $serviceId, mountPath: $mountPath, region: "
                   "$region }) { "
                   "id name } }";
        case Mutation::VolumeAttach:
            // Without a service in its input this would detach the volume; without an environment it acts on
            // all.
            return "mutation volumeInstanceUpdate($volumeId: String!, $environmentId: String!, $serviceId: "
                   "String!, "
                   "$mountPath: String!) { volumeInstanceUpdate(volumeId: $volumeId, environmentId: "
                   "$environmentId, "
                   "input: { serviceId: $serviceId, mountPath: $mountPath }) }";
        case Mutation::VolumeDelete:
            return "mutation volumeDelete($id: String!) { volumeDelete(volumeId: $id) }";
    }
    throw std::logic_error("an unknown mutation");
}

std::string text_of(Subscription subscription) {
    switch (subscription) {
        case Subscription::Deployment:
            return "subscription deployment($id: String!) { deployment(id: $id) { ...Whole } }";
        case Subscription::DeploymentEvents:
            return "subscription deploymentEvents($id: String!) { deploymentEvents(id: $id) { ...Event } }";
        case Subscription::BuildLogs:
            return "subscription buildLogs($id: String!, $limit: Int!, $filter: String!) { "
                   "buildLogs(deploymentId: "
                   "$id, limit: $limit, filter: $filter) { ...Line } }";
        case Subscription::DeploymentLogs:
            return "subscription deploymentLogs($id: String!, $limit: Int!, $filter: String!) { "
                   "deploymentLogs(deploymentId: $id, limit: $limit, filter: $filter) { ...Line } }";
        case Subscription::EnvironmentLogs:
            return "subscription environmentLogs($id: String!, $limit: Int!, $filter: String!) { "
                   "environmentLogs(environmentId: $id, filter: $filter, beforeLimit: $limit) { ...Line } }";
        case Subscription::HttpLogs:
            return "subscription httpLogs($id: String!, $limit: Int!, $filter: String!) { "
                   "httpLogs(deploymentId: $id, filter: $filter, beforeLimit: $limit) { ...Answered } }";
    }
    throw std::logic_error("an unknown subscription");
}

// "query deployments($input…" → "deployments"
template <class Kind>
Document named(Kind kind) {
    auto text = text_of(kind);
    auto begin = text.find(' ') + 1;
    auto name = text.substr(begin, text.find_first_of("( ", begin) - begin);
    return complete(name, std::move(text));
}

template <class Kind>
void add_all(std::vector<Document>& out, Kind last) {
    for (int i = 0; i <= static_cast<int>(last); ++i) out.push_back(named(static_cast<Kind>(i)));
}

}  // namespace

Document document(Query query) {
    return named(query);
}
Document document(Mutation mutation) {
    return named(mutation);
}
Document document(Subscription subscription) {
    return named(subscription);
}

Document service_details_document(std::size_t services) {
    std::string variables, fields;
    for (std::size_t i = 0; i < services; ++i) {
        variables += fmt::format(", $s{}: String!", i);
        fields += fmt::format(
            " v{0}: variables(projectId: $projectId, environmentId: $environmentId, serviceId: $s{0}, "
            "unrendered: true)"
            " l{0}: serviceInstanceLimitOverride(environmentId: $environmentId, serviceId: $s{0})"
            " t{0}: tcpProxies(environmentId: $environmentId, serviceId: $s{0}) {{ id domain proxyPort "
            "applicationPort "
            "syncStatus deletedAt }}",
            i);
    }
    return {"serviceDetails",
            fmt::format("query serviceDetails($projectId: String!, $environmentId: String!{}) {{{} }}",
                        variables, fields)};
}

Document deployments_by_id_document(std::size_t deployments) {
    std::string variables, fields;
    for (std::size_t i = 0; i < deployments; ++i) {
        variables += fmt::format("{}$d{}: String!", i ? ", " : "", i);
        fields +=
            fmt::format(" d{0}: deployment(id: $d{0}) {{ ...Whole }} e{0}: {1}", i,
                        connection(fmt::format("deploymentEvents(id: $d{}, first: 100)", i), "...Event "));
    }
    return complete("deploymentsById", fmt::format("query deploymentsById({}) {{{} }}", variables, fields));
}

Document deployment_snapshots_document(std::size_t deployments) {
    std::string variables, fields;
    for (std::size_t i = 0; i < deployments; ++i) {
        variables += fmt::format("{}$d{}: String!", i ? ", " : "", i);
        fields += fmt::format(" d{0}: deploymentSnapshot(deploymentId: $d{0}) {{ id variables }}", i);
    }
    return {"deploymentSnapshots", fmt::format("query deploymentSnapshots({}) {{{} }}", variables, fields)};
}

Document shared_variables_document() {
    return {"sharedVariables",
            "query sharedVariables($projectId: String!, $environmentId: String!) { variables(projectId: "
            "$projectId, "
            "environmentId: $environmentId, unrendered: true) }"};
}

Document shared_variables_upsert_document() {
    return {
        "variableCollectionUpsert",
        "mutation variableCollectionUpsert($projectId: String!, $environmentId: String!, $variables: "
        "EnvironmentVariables!) { variableCollectionUpsert(input: { projectId: $projectId, environmentId: "
        "$environmentId, variables: $variables, skipDeploys: true }) }"};
}

std::vector<Document> all_documents() {
    std::vector<Document> out;
    add_all(out, Query::WorkspaceBill);
    add_all(out, Mutation::VolumeDelete);
    add_all(out, Subscription::HttpLogs);
    for (std::size_t n : {std::size_t{1}, std::size_t{6}}) {
        out.push_back(service_details_document(n));
        out.push_back(deployments_by_id_document(n));
        out.push_back(deployment_snapshots_document(n));
    }
    out.push_back(shared_variables_document());
    out.push_back(shared_variables_upsert_document());
    return out;
}

}  // namespace seance::railway
