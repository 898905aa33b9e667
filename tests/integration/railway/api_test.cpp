#include "platform/targets/railway/deployment_state.hpp"
#include "platform/targets/railway/domain_records.hpp"
#include "tests/integration/railway/fixture.hpp"

namespace seance::railway {
namespace {

using testing::Contains;
using testing::Field;
using testing::HasSubstr;

const std::string kImage = "docker.io/seance/backend:3f9c2ab";

}  // namespace

Deployment RailwayTest::settled(const DeploymentId& id) {
    for (auto end = Clock::now() + std::chrono::seconds(20); Clock::now() < end;) {
        auto seen = must(api->watch_deployments({id}));
        auto now = standing(seen.at(0).deployment);
        if (now.terminal || now.outcome == DeploymentOutcome::Held) return seen[0].deployment;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    throw std::runtime_error("the deployment does not settle");
}

TEST_F(RailwayTest, KnowsItsAccountToken) {
    auto info = must(api->probe_credential());

    EXPECT_EQ(info.kind, CredentialInfo::Kind::Account);
    ASSERT_EQ(info.workspaces.size(), 1u);
    EXPECT_EQ(info.workspaces[0].id, workspace());
}

TEST_F(RailwayTest, SaysThatAnUnknownTokenIsUnknown) {
    for (auto kind : {TokenKind::Account, TokenKind::Project}) {
        Graphql wrong(loop, {kind, SecretText("no-such-token")}, options());
        Api stranger(wrong);

        auto reply = get(stranger.project(place.project));

        EXPECT_EQ(reply.error().kind, FailureKind::Auth);
        EXPECT_THAT(reply.error().what, HasSubstr("wrong, expired or revoked"));
    }
}

TEST_F(RailwayTest, WorksWithAProjectTokenWhereverItWasPut) {
    boost::json::object input, variables, body;
    input["projectId"] = place.project.text();
    input["environmentId"] = place.environment.text();
    input["name"] = "ci";
    variables["input"] = std::move(input);
    body["query"] = "mutation($input: ProjectTokenCreateInput!) { projectTokenCreate(input: $input) }";
    body["variables"] = std::move(variables);
    auto made = testing_support::call(
        emulator()->port(), "POST", "/graphql/v2?source=test",
        {{"Authorization", "Bearer " + emulator()->text("token")}, {"Content-Type", "application/json"}},
        boost::json::serialize(body));
    SecretText token(made.json().at("data").at("projectTokenCreate").as_string().c_str());
    Graphql misplaced(loop, {TokenKind::Account, token}, options());
    Api ci(misplaced);

    auto state = get(ci.read_environment(place.project, place.environment));

    ASSERT_TRUE(state) << state.error().what;
    auto info = must(ci.probe_credential());
    EXPECT_TRUE(info.misplaced);
    EXPECT_EQ(info.sentence().rfind("a project token for " + name() + " / production", 0), 0u)
        << info.sentence();
    EXPECT_EQ(must(ci.find_projects(name())).size(), 1u);
    EXPECT_EQ(get(ci.create_project("more", workspace(), "production")).error().kind, FailureKind::Auth);
    auto elsewhere = get(ci.project(ProjectId("00000000-0000-0000-0000-000000000000")));
    EXPECT_EQ(elsewhere.error().kind, FailureKind::Auth);
    EXPECT_THAT(elsewhere.error().what, HasSubstr("needs an account or workspace token"));
}

TEST_F(RailwayTest, FindsProjectsByNameWithTheirEnvironments) {
    must(api->create_environment(place.project, "staging"));

    auto found = must(api->find_projects(name(), workspace()));

    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].environments.size(), 2u);
    EXPECT_EQ(must(api->environments(place.project)).size(), 2u);
    EXPECT_TRUE(must(api->find_projects("no such project")).empty());
}

TEST_F(RailwayTest, ReadsEverythingOfAnEnvironment) {
    auto backend = make_service("backend"), valkey = make_service("valkey");
    ServiceChanges changes;
    changes.image = kImage;
    changes.replicas = 2;
    changes.region = "us-west2";
    changes.healthcheck_path = "/health";
    changes.healthcheck_timeout_seconds = 120;
    changes.restart_policy = RestartPolicy::Always;
    changes.restart_max_retries = 5;
    changes.overlap_seconds = 20;
    changes.draining_seconds = 30;
    changes.start_command = "seance-backend --verbose";
    must(api->update_service_instance(place.environment, backend, changes));
    Limits limits{0.5, 0.5};
    must(api->set_limits(place.environment, backend, limits));
    Place at{place.project, place.environment, backend}, store{place.project, place.environment, valkey};
    Variables variables{{"PORT", SecretText("8765")},
                        {"VALKEY", SecretText("${{valkey.RAILWAY_PRIVATE_DOMAIN}}")}};
    must(api->upsert_variables(at, variables, Replace::OnlyGiven));
    must(api->create_volume(store, "/data"));
    must(api->ensure_custom_domain(at, "backend.read.example", 8765));
    must(api->create_service_domain(at, 8765));

    auto state = must(api->read_environment(place.project, place.environment));

    EXPECT_EQ(state.name, "production");
    EXPECT_EQ(state.project_name, name());
    EXPECT_FALSE(state.config_etag.empty());
    EXPECT_EQ(state.unmerged_changes, 0);
    ASSERT_EQ(state.services.size(), 2u);
    const auto& service = state.services[0].service == backend ? state.services[0] : state.services[1];
    EXPECT_EQ(service.name, "backend");
    EXPECT_EQ(service.image, kImage);
    EXPECT_EQ(service.replicas, 2);
    EXPECT_EQ(service.region, "us-west2");
    EXPECT_EQ(service.healthcheck_path, "/health");
    EXPECT_EQ(service.healthcheck_timeout_seconds, 120);
    EXPECT_EQ(service.restart_policy, RestartPolicy::Always);
    EXPECT_EQ(service.restart_max_retries, 5);
    EXPECT_EQ(service.overlap_seconds, 20);
    EXPECT_EQ(service.draining_seconds, 30);
    EXPECT_EQ(service.start_command, "seance-backend --verbose");
    EXPECT_EQ(service.cpu_limit_vcpus, 0.5);
    EXPECT_EQ(service.memory_limit_gb, 0.5);
    EXPECT_EQ(service.variables, variables) << "references as written, nothing of Railway's own";
    ASSERT_EQ(service.custom_domains.size(), 1u);
    EXPECT_EQ(service.custom_domains[0].target_port, 8765);
    EXPECT_EQ(service.service_domains.size(), 1u);
    EXPECT_FALSE(service.latest) << "nothing of this deploys";
    ASSERT_EQ(state.volumes.size(), 1u);
    EXPECT_EQ(state.volumes[0].service, valkey);
    EXPECT_EQ(state.volumes[0].mount_path, "/data");
}

TEST_F(RailwayTest, ReadsMoreThanAPageOfServices) {
    emulator()->control(R"({"options":{"pageSize":5}})");
    for (int i = 0; i < 30; ++i) make_service("service-" + std::to_string(i));

    auto state = must(api->read_environment(place.project, place.environment));

    EXPECT_EQ(state.services.size(), 30u);
    EXPECT_TRUE(state.other_services.empty());
}

TEST_F(RailwayTest, ReadsSixServicesWithinASecondAtFiftyMillisecondsACall) {
    for (auto service : {"backend", "landing", "signaling", "beholder", "litellm", "valkey"})
        make_service(service);
    emulator()->control(R"({"everyCall":{"delay":50},"forget":true})");
    auto began = Clock::now();

    auto state = must(api->read_environment(place.project, place.environment));

    auto took = Clock::now() - began;
    EXPECT_EQ(state.services.size(), 6u);
    EXPECT_LT(took, std::chrono::seconds(1));
    EXPECT_EQ(emulator()->view("calls").as_array().size(), 3u);
}

TEST_F(RailwayTest, DeploysAnImageAndProvesIt) {
    auto service = make_service("backend");
    set_image(service, kImage);

    auto id = must(api->deploy(place.environment, service));
    auto deployment = settled(id);

    EXPECT_EQ(standing(deployment).outcome, DeploymentOutcome::Succeeded) << deployment.status_text;
    EXPECT_EQ(check_image(deployment, kImage), ImageCheck::Same);
    EXPECT_EQ(must(api->deployment(id)).id, id);
    EXPECT_FALSE(must(api->deployment_events(id)).empty());
    auto latest = must(api->latest_deployments(place.environment));
    ASSERT_EQ(latest.size(), 1u);
    EXPECT_EQ(latest[0].deployment->id, id);
}

TEST_F(RailwayTest, ListsDeploymentsNewestFirstAndByStatus) {
    auto service = make_service("backend");
    std::vector<DeploymentId> ids;
    for (auto tag : {"one", "two", "three"}) {
        set_image(service, "docker.io/seance/backend:" + std::string(tag));
        ids.push_back(must(api->deploy(place.environment, service)));
        settled(ids.back());
    }
    DeploymentFilter two, active;
    two.service = service;
    two.most = 2;
    active.in = {DeploymentStatus::Success};

    auto newest = must(api->deployments(place.project, place.environment, two));

    ASSERT_EQ(newest.size(), 2u);
    EXPECT_EQ(newest[0].id, ids[2]);
    EXPECT_EQ(newest[1].id, ids[1]);
    EXPECT_THAT(must(api->deployments(place.project, place.environment, active)),
                Contains(Field(&Deployment::id, ids[2])));
}

TEST_F(RailwayTest, TellsAFailureFromASuccess) {
    auto service = make_service("broken");
    set_image(service, "docker.io/seance/broken:1");
    emulator()->control(
        R"({"outcomes":[{"service":"broken","status":"FAILED","error":"manifest unknown"}]})");

    auto id = must(api->deploy(place.environment, service));
    auto deployment = settled(id);

    EXPECT_EQ(standing(deployment).outcome, DeploymentOutcome::Failed);
    LogQuery few;
    auto build = must(api->build_logs(id, few)), deploy = must(api->deployment_logs(id, few));
    auto sentence =
        failure_sentence(deployment, must(api->deployment_events(id)), build.empty(), deploy.empty());
    EXPECT_THAT(sentence, HasSubstr("docker.io/seance/broken:1"));
}

TEST_F(RailwayTest, StopsWaitingForADeploymentThatIsHeld) {
    auto service = make_service("held");
    set_image(service, kImage);
    emulator()->control(R"({"outcomes":[{"service":"held","status":"NEEDS_APPROVAL"}]})");

    auto deployment = settled(must(api->deploy(place.environment, service)));

    EXPECT_EQ(standing(deployment).outcome, DeploymentOutcome::Held);
    must(api->cancel(deployment.id));
}

TEST_F(RailwayTest, RollsBackRedeploysRestartsAndStops) {
    auto service = make_service("backend");
    set_image(service, "docker.io/seance/backend:old");
    auto old = must(api->deploy(place.environment, service));
    settled(old);
    set_image(service, "docker.io/seance/backend:new");
    auto fresh = must(api->deploy(place.environment, service));
    settled(fresh);

    must(api->restart(fresh));
    must(api->rollback(old));
    DeploymentFilter newest;
    newest.most = 1;
    auto back = must(api->deployments(place.project, place.environment, newest)).at(0);
    EXPECT_EQ(check_image(settled(back.id), "docker.io/seance/backend:old"), ImageCheck::Same);
    auto again = must(api->redeploy(fresh, Api::RedeployImage::AsConfigured));
    EXPECT_EQ(check_image(settled(again.id), "docker.io/seance/backend:new"), ImageCheck::Same);
    must(api->stop(again.id));
    EXPECT_EQ(standing(must(api->deployment(again.id))).outcome == DeploymentOutcome::Succeeded, false);
}

TEST_F(RailwayTest, ReplacesVariablesWithoutDeploying) {
    auto service = make_service("backend");
    set_image(service, kImage);
    settled(must(api->deploy(place.environment, service)));
    Place at{place.project, place.environment, service};
    Variables first{{"A", SecretText("1")}, {"B", SecretText("2")}}, second{{"B", SecretText("")}};
    must(api->upsert_variables(at, first, Replace::OnlyGiven));

    must(api->upsert_variables(at, second, Replace::All));

    auto state = must(api->read_environment(place.project, place.environment));
    EXPECT_EQ(state.services.at(0).variables, second);
    DeploymentFilter all;
    EXPECT_EQ(must(api->deployments(place.project, place.environment, all)).size(), 1u);
    must(api->delete_variable(at, "B"));
    EXPECT_TRUE(
        must(api->read_environment(place.project, place.environment)).services.at(0).variables.empty());
}

TEST_F(RailwayTest, TellsBothRecordsOfANewDomainAtOnce) {
    auto service = make_service("backend");
    Place at{place.project, place.environment, service};

    for (std::string host : {"one.records.example", "two.records.example", "three.records.example"}) {
        auto domain = must(api->ensure_custom_domain(at, host, 8765));
        auto records = needed_records(domain, "records.example");

        ASSERT_TRUE(records);
        EXPECT_EQ(records->cname_name, host);
        EXPECT_THAT(records->cname_target, testing::EndsWith(".up.railway.app"));
        EXPECT_EQ(records->txt_name, "_railway-verify." + host);
        EXPECT_EQ(records->txt_value.rfind("railway-verify="), 0u) << records->txt_value;
        EXPECT_NE(domain_problem(domain), "");
        EXPECT_EQ(must(api->ensure_custom_domain(at, host, 8765)).id, domain.id);
        EXPECT_EQ(must(api->custom_domain(place.project, domain.id)).domain, host);
    }
    auto all = must(api->domains(at));
    ASSERT_EQ(all.custom.size(), 3u);
    must(api->set_custom_domain_port(place.environment, all.custom[0].id, 9000));
    must(api->delete_custom_domain(all.custom[1].id));
    auto given = must(api->create_service_domain(at, 80));
    must(api->delete_service_domain(given.id));
    all = must(api->domains(at));
    EXPECT_EQ(all.custom.size(), 2u);
    EXPECT_THAT(all.custom, Contains(Field(&CustomDomain::target_port, std::optional(9000))));
    EXPECT_TRUE(all.service.empty());
}

TEST_F(RailwayTest, KeepsAVolumeAttachedWhenItsPathChanges) {
    auto service = make_service("valkey");
    Place at{place.project, place.environment, service};
    auto volume = must(api->create_volume(at, "/data"));

    must(api->attach_volume(place.environment, service, volume.id, "/var/lib/valkey"));

    auto state = must(api->read_environment(place.project, place.environment));
    ASSERT_EQ(state.volumes.size(), 1u);
    EXPECT_EQ(state.volumes[0].service, service);
    EXPECT_EQ(state.volumes[0].mount_path, "/var/lib/valkey");
    must(api->delete_volume(volume.id));
    state = must(api->read_environment(place.project, place.environment));
    ASSERT_EQ(state.volumes.size(), 1u);
    EXPECT_TRUE(state.volumes[0].is_pending_deletion);
}

TEST_F(RailwayTest, FindsOutWhetherALostChangeWasMade) {
    emulator()->control(R"({"next":[{"match":"serviceCreate","do":"lose"}]})");
    NewService service{"lost", ""};

    auto reply = get(api->create_service(place.project, place.environment, service));

    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, FailureKind::Unreachable);
    auto project = must(api->project(place.project));
    ASSERT_EQ(project.services.size(), 1u) << "made once, and found by its name";
    EXPECT_EQ(project.services[0].name, "lost");

    emulator()->control(R"({"next":[{"match":"customDomainCreate","do":"lose"}]})");
    Place at{place.project, place.environment, project.services[0].id};
    EXPECT_EQ(must(api->ensure_custom_domain(at, "lost.example", 80)).domain, "lost.example");
    EXPECT_EQ(must(api->domains(at)).custom.size(), 1u);
}

TEST_F(RailwayTest, RepeatsWhatMayBeRepeated) {
    auto service = make_service("backend");
    emulator()->control(R"({"next":[{"match":"serviceInstanceUpdate","do":"drop"},
        {"match":"serviceInstanceUpdate","do":"rate-limit","after":1},{"match":"serviceInstanceUpdate","do":"lose"},
        {"match":"volumeDelete","do":"lose"}]})");

    set_image(service, kImage);

    Place at{place.project, place.environment, service};
    auto volume = must(api->create_volume(at, "/data"));
    must(api->delete_volume(volume.id));
}

TEST_F(RailwayTest, WaitsOutARateLimitOfADeploy) {
    auto service = make_service("backend");
    set_image(service, kImage);
    emulator()->control(
        R"({"next":[{"match":"serviceInstanceDeployV2","do":"fail","message":"Service deployment rate limit exceeded"},
        {"match":"serviceInstanceDeployV2","do":"rate-limit","after":2}]})");

    settled(must(api->deploy(place.environment, service)));

    DeploymentFilter all;
    EXPECT_EQ(must(api->deployments(place.project, place.environment, all)).size(), 1u);
}

TEST_F(RailwayTest, DeletesAService) {
    auto service = make_service("backend");

    must(api->delete_service(place.environment, service));

    EXPECT_TRUE(must(api->read_environment(place.project, place.environment)).services.empty());
}

TEST_F(RailwayTest, KnowsRegionsNetworksUsageAndBill) {
    make_service("backend");

    EXPECT_THAT(must(api->regions(place.project)), Contains(Field(&Region::id, "us-west2")));
    EXPECT_EQ(must(api->private_networks(place.environment)).size(), 1u);
    EXPECT_FALSE(must(api->usage(place.project)).empty());
    EXPECT_EQ(must(api->estimated_usage(place.project)).size(), 5u);
    EXPECT_FALSE(must(api->bill(workspace())).period_end.empty());
}

TEST_F(RailwayTest, RefusesSettingsThatExcludeOneAnother) {
    auto service = make_service("valkey");
    Place at{place.project, place.environment, service};
    must(api->create_volume(at, "/data"));
    ServiceChanges changes;
    changes.replicas = 2;

    auto reply = get(api->update_service_instance(place.environment, service, changes));

    ASSERT_FALSE(reply);
    EXPECT_THAT(reply.error().what, HasSubstr("volume"));
}

}  // namespace seance::railway
