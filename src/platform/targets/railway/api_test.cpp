#include "platform/targets/railway/api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/run.hpp"
#include "tests/support/scripted_api.hpp"

namespace seance::railway {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;
using testing::HasSubstr;

std::string answered(std::string_view json) {
    return json_answer(R"({"data":)" + std::string(json) + "}");
}
const std::string kNotAuthorized = json_answer(R"({"errors":[{"message":"Not Authorized"}],"data":null})");
const std::string kTokenNotFound =
    json_answer(R"({"errors":[{"message":"Project Token not found"}],"data":null})");
const std::string kProject =
    answered(R"({"projectToken":{"projectId":"p","environmentId":"e","project":{"id":"p","name":"seance"},
    "environment":{"id":"e","name":"production"}}})");

template <class T>
Awaitable<void> keep(Awaitable<Reply<T>> work, std::optional<Reply<T>>& out) {
    out = co_await std::move(work);
}

const ProjectId kProjectId{"p"};
const EnvironmentId kEnvironment{"e"};
const ServiceId kService{"s"};
const Place kPlace{kProjectId, kEnvironment, kService};

// An Api whose server gives these answers in turn.
class ApiOver {
  public:
    explicit ApiOver(std::vector<std::string> answers, TokenKind kind = TokenKind::Account)
        : server(std::move(answers)),
          graphql(loop, Credential{kind, SecretText("token")}, options()),
          api(graphql) {}

    template <class T>
    Reply<T> get(Awaitable<Reply<T>> work) {
        std::optional<Reply<T>> out;
        run(loop, keep(std::move(work), out));
        return std::move(*out);
    }
    boost::json::value variables(std::size_t call) { return server.asked().at(call).json().at("variables"); }

    ScriptedApi server;
    Loop loop;
    Graphql graphql;
    Api api;

  private:
    GraphqlOptions options() {
        GraphqlOptions out;
        out.endpoint = "http://127.0.0.1:" + std::to_string(server.port()) + "/graphql/v2";
        out.retry.backoff_scale = 0;
        return out;
    }
};

TEST(ProbeCredential, FindsWhatAProjectTokenReaches) {
    ApiOver over({kProject}, TokenKind::Project);

    auto info = over.get(over.api.probe_credential());

    ASSERT_TRUE(info);
    EXPECT_EQ(info->sentence(), "a project token for seance / production");
    EXPECT_EQ(info->environment, kEnvironment);
    EXPECT_FALSE(info->misplaced);
}

TEST(ProbeCredential, FindsAProjectTokenThatWasGivenAsAnAccountsAndUsesItRightly) {
    ApiOver over({kNotAuthorized, kNotAuthorized, kProject});

    auto info = over.get(over.api.probe_credential());

    ASSERT_TRUE(info);
    EXPECT_TRUE(info->misplaced);
    EXPECT_THAT(info->sentence(), HasSubstr("put it into RAILWAY_TOKEN"));
    EXPECT_EQ(over.graphql.credential().kind, TokenKind::Project);
}

TEST(ProbeCredential, SaysThatATokenIsDead) {
    ApiOver over({kTokenNotFound, kNotAuthorized}, TokenKind::Project);

    auto info = over.get(over.api.probe_credential());

    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().kind, FailureKind::Auth);
    EXPECT_THAT(info.error().what, HasSubstr("wrong, expired or revoked"));
}

TEST(ProbeCredential, DoesNotTakeSilenceForADeadToken) {
    ApiOver over({json_answer("", "503 Service Unavailable")}, TokenKind::Project);

    EXPECT_EQ(over.get(over.api.probe_credential()).error().kind, FailureKind::Api);
}

TEST(Api, ExplainsARefusalByWhatTheTokenIs) {
    ApiOver over({kNotAuthorized, kProject}, TokenKind::Project);

    auto reply = over.get(over.api.environments(ProjectId("other")));

    ASSERT_FALSE(reply);
    EXPECT_THAT(reply.error().what, HasSubstr("seance / production"));
    EXPECT_THAT(reply.error().what, HasSubstr("RAILWAY_API_TOKEN"));
}

TEST(Api, GoesOnByItselfWhenTheTokenTravelledInTheWrongHeader) {
    ApiOver over({kNotAuthorized, kNotAuthorized, kNotAuthorized, kProject,
                  answered(R"({"regions":[{"name":"us-west2","id":"us-west2"}]})")});

    auto regions = over.get(over.api.regions(kProjectId));

    ASSERT_TRUE(regions) << regions.error().what;
    EXPECT_EQ(regions->size(), 1u);
    EXPECT_TRUE(over.server.asked().back().has("Project-Access-Token: token"));
}

TEST(Api, RefusesToMakeAProjectWithAProjectTokenWithoutAsking) {
    ApiOver over({kProject}, TokenKind::Project);

    auto reply = over.get(over.api.create_project("seance", WorkspaceId("w"), "production"));

    EXPECT_EQ(reply.error().kind, FailureKind::Auth);
    EXPECT_THAT(reply.error().what, HasSubstr("RAILWAY_API_TOKEN"));
    EXPECT_EQ(over.server.calls(), 0u);
}

TEST(Api, NeverSendsAChangeWithoutAllItsIds) {
    ApiOver over({answered("{}")});
    auto& api = over.api;
    ServiceChanges changes;
    changes.replicas = 2;
    Place no_service{kProjectId, kEnvironment, ServiceId()};
    Variables variables{{"A", SecretText("b")}};
    NewService service{"backend", ""};

    std::vector<Failure> failures{
        over.get(api.update_service_instance(EnvironmentId(), kService, changes)).error(),
        over.get(api.delete_service(EnvironmentId(), kService)).error(),
        over.get(api.create_service(kProjectId, EnvironmentId(), service)).error(),
        over.get(api.upsert_variables(no_service, variables, Replace::OnlyGiven)).error(),
        over.get(api.attach_volume(kEnvironment, ServiceId(), VolumeId("v"), "/data")).error(),
        over.get(api.attach_volume(EnvironmentId(), kService, VolumeId("v"), "/data")).error(),
        over.get(api.create_volume(no_service, "/data")).error(),
        over.get(api.deploy(EnvironmentId(), kService)).error(),
        over.get(api.rollback(DeploymentId())).error(),
    };

    for (const auto& failure : failures) {
        EXPECT_EQ(failure.kind, FailureKind::User);
        EXPECT_THAT(failure.what, HasSubstr("nothing was sent"));
    }
    EXPECT_EQ(over.server.calls(), 0u);
}

TEST(Api, SendsOnlyTheSettingsThatAreGiven) {
    ApiOver over({answered(R"({"serviceInstanceUpdate":true})")});
    ServiceChanges none, some;
    some.image = "a/b:c";
    some.overlap_seconds = 0;
    some.healthcheck_path = "";

    EXPECT_TRUE(over.get(over.api.update_service_instance(kEnvironment, kService, none)));
    EXPECT_EQ(over.server.calls(), 0u);
    EXPECT_TRUE(over.get(over.api.update_service_instance(kEnvironment, kService, some)));

    auto expected = boost::json::parse(
        R"({"environmentId":"e","serviceId":"s","input":{"source":{"image":"a/b:c"},"healthcheckPath":null,"overlapSeconds":0}})");
    EXPECT_EQ(over.variables(0), expected);
}

TEST(Api, SetsVariablesInOneCallWithoutDeploying) {
    ApiOver over({answered(R"({"variableCollectionUpsert":true})")});
    Variables variables{{"A", SecretText("1")}, {"B", SecretText("")}};

    EXPECT_TRUE(over.get(over.api.upsert_variables(kPlace, variables, Replace::All)));

    EXPECT_THAT(over.server.asked()[0].body, HasSubstr("skipDeploys: true"));
    EXPECT_EQ(over.variables(0).at("replace"), true);
    EXPECT_EQ(over.variables(0).at("variables"), boost::json::parse(R"({"A":"1","B":""})"));
}

TEST(Api, KeepsVariablesOutOfItsSentences) {
    ApiOver over({json_answer(R"({"errors":[{"message":"value sk-secret-1 is too long"}]})")});
    Variables variables{{"A", SecretText("sk-secret-1")}};

    auto reply = over.get(over.api.upsert_variables(kPlace, variables, Replace::OnlyGiven));

    EXPECT_THAT(reply.error().what, HasSubstr("value «hidden» is too long"));
}

TEST(Api, TakesFalseForARefusal) {
    ApiOver over({answered(R"({"deploymentRollback":false})")});

    auto reply = over.get(over.api.rollback(DeploymentId("d")));

    EXPECT_EQ(reply.error().kind, FailureKind::User);
}

TEST(Api, TakesAnAnswerWithoutItsPointForAFault) {
    for (auto answer : {"{}", R"({"serviceInstanceDeployV2":null})", R"({"serviceInstanceDeployV2":{}})"}) {
        ApiOver over({answered(answer)});
        EXPECT_EQ(over.get(over.api.deploy(kEnvironment, kService)).error().kind, FailureKind::Api) << answer;
    }
}

TEST(Api, TakesWhatIsGoneAlreadyForDeletedOnlyAfterALostAnswer) {
    auto gone = json_answer(R"({"errors":[{"message":"Volume not found"}]})");
    ApiOver lost({"", gone}), never({gone});

    EXPECT_TRUE(lost.get(lost.api.delete_volume(VolumeId("v"))));
    EXPECT_FALSE(never.get(never.api.delete_volume(VolumeId("v"))));
}

const std::string kNoDomains = answered(R"({"domains":{"customDomains":[],"serviceDomains":[]}})");
const std::string kDomain =
    answered(R"({"domains":{"customDomains":[{"id":"c","domain":"a.b"}],"serviceDomains":[]}})");

TEST(EnsureCustomDomain, TakesTheOneThatIsThere) {
    ApiOver over({kDomain});

    auto domain = over.get(over.api.ensure_custom_domain(kPlace, "A.B", 80));

    ASSERT_TRUE(domain);
    EXPECT_EQ(domain->id.text(), "c");
    EXPECT_EQ(over.server.calls(), 1u);
}

TEST(EnsureCustomDomain, LooksWhetherItWasMadeWhenTheAnswerIsLost) {
    ApiOver made({kNoDomains, "", kDomain}), not_made({kNoDomains, "", kNoDomains});

    EXPECT_TRUE(made.get(made.api.ensure_custom_domain(kPlace, "a.b", 80)));
    EXPECT_EQ(made.server.calls(), 3u);
    EXPECT_EQ(not_made.get(not_made.api.ensure_custom_domain(kPlace, "a.b", 80)).error().kind,
              FailureKind::Unreachable);
}

std::string page(std::string_view list, std::string_view nodes, std::string_view cursor) {
    return answered(R"({")" + std::string(list) + R"(":{"edges":[)" + std::string(nodes) +
                    R"(],"pageInfo":{"hasNextPage":)" + (cursor.empty() ? "false" : "true") +
                    R"(,"endCursor":")" + std::string(cursor) + R"("}}})");
}

TEST(FindProjects, LooksThroughAllPagesForExactlyThisName) {
    ApiOver over(
        {page("projects", R"({"node":{"id":"1","name":"Seance"}},{"node":{"id":"2","name":"seance"}})",
              "next"),
         page("projects",
              R"({"node":{"id":"3","name":"seance"}},{"node":{"id":"4","name":"seance","deletedAt":"x"}})",
              "")});

    auto found = over.get(over.api.find_projects("seance", WorkspaceId("w")));

    ASSERT_TRUE(found) << found.error().what;
    ASSERT_EQ(found->size(), 2u);
    EXPECT_EQ((*found)[1].id.text(), "3");
    EXPECT_EQ(over.variables(0).at("workspaceId"), "w");
    EXPECT_EQ(over.variables(1).at("after"), "next");
}

TEST(Deployments, AreAskedForInPagesUpToTheirNumber) {
    ApiOver over({page("deployments", R"({"node":{"id":"1"}},{"node":{"id":"2"}})", "c"),
                  page("deployments", R"({"node":{"id":"3"}},{"node":{"id":"4"}})", "d")});
    DeploymentFilter filter;
    filter.service = kService;
    filter.in = {DeploymentStatus::Success, DeploymentStatus::Removed};
    filter.most = 3;

    auto found = over.get(over.api.deployments(kProjectId, kEnvironment, filter));

    ASSERT_TRUE(found);
    EXPECT_EQ(found->size(), 3u);
    EXPECT_EQ(
        over.variables(0).at("input"),
        boost::json::parse(
            R"({"projectId":"p","environmentId":"e","serviceId":"s","status":{"in":["SUCCESS","REMOVED"]}})"));
    EXPECT_EQ(over.variables(1).at("first"), 1);
}

TEST(WatchDeployments, AsksForAllInOneCallAndSortsTheirEvents) {
    ApiOver over({answered(R"({"d0":{"id":"x","status":"DEPLOYING"},"e0":{"edges":[
        {"node":{"id":"2","step":"HEALTHCHECK","createdAt":"2026-01-01T00:00:02Z"}},
        {"node":{"id":"1","step":"CREATE_CONTAINER","createdAt":"2026-01-01T00:00:01Z"}}]},
        "d1":{"id":"y","status":"SUCCESS"},"e1":{"edges":[]}})")});

    auto seen = over.get(over.api.watch_deployments({DeploymentId("x"), DeploymentId("y")}));

    ASSERT_TRUE(seen);
    ASSERT_EQ(seen->size(), 2u);
    EXPECT_EQ((*seen)[0].events[1].step, "HEALTHCHECK");
    EXPECT_EQ((*seen)[1].deployment.status, DeploymentStatus::Success);
    EXPECT_EQ(over.server.calls(), 1u);
}

TEST(Logs, KeepTheNewestWhereRailwayAnswersOneTooMany) {
    ApiOver over(
        {answered(R"({"deploymentLogs":[{"timestamp":"1","message":"a"},{"timestamp":"2","message":"b"},
        {"timestamp":"3","message":"c"}]})")});
    LogQuery query;
    query.limit = 2;

    auto lines = over.get(over.api.deployment_logs(DeploymentId("d"), query));

    ASSERT_TRUE(lines);
    ASSERT_EQ(lines->size(), 2u);
    EXPECT_EQ((*lines)[0].message, "b");
    EXPECT_EQ(over.variables(0).at("filter"), "");
}

TEST(Logs, KeepToTheDatesAskedFor) {
    ApiOver over({answered(R"({"environmentLogs":[{"timestamp":"2026-01-01T00:00:01Z","message":"a"},
        {"timestamp":"2026-01-01T00:00:02Z","message":"b"},{"timestamp":"2026-01-01T00:00:03Z","message":"c"}]})")});
    LogQuery query;
    query.since = query.until = "2026-01-01T00:00:02Z";

    auto lines = over.get(over.api.environment_logs(kEnvironment, query));

    ASSERT_TRUE(lines);
    ASSERT_EQ(lines->size(), 1u);
    EXPECT_EQ((*lines)[0].message, "b");
}

TEST(Usage, IsReadByService) {
    ApiOver over({answered(R"({"usage":[{"measurement":"CPU_USAGE","value":43200,"tags":{"serviceId":"s"}},
        {"measurement":"SOMETHING_NEW","value":1,"tags":{}},{"measurement":"NETWORK_TX_GB","value":2.5,"tags":{"serviceId":null}}]})")});

    auto usage = over.get(over.api.usage(kProjectId));

    ASSERT_TRUE(usage);
    ASSERT_EQ(usage->size(), 2u);
    EXPECT_EQ((*usage)[0].service, kService);
    EXPECT_EQ((*usage)[1].measurement, Measurement::NetworkOut);
}

}  // namespace
}  // namespace seance::railway
