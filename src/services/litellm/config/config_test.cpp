#include "services/litellm/config/config.hpp"

#include <gmock/gmock.h>

#include <map>

namespace seance::litellm {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

Config read(const std::string& text, config::Sources environment = {},
            const std::map<std::string, std::string>& files = {}) {
    ReadFile read_file = [&](const std::string& path) -> Outcome<std::string> {
        if (path == "config.yaml") return Outcome<std::string>(boost::system::in_place_value, text);
        auto found = files.find(path);
        if (found == files.end()) return Problem{path + " cannot be read"};
        return Outcome<std::string>(boost::system::in_place_value, found->second);
    };
    auto config = read_config("config.yaml", read_file, std::move(environment));
    EXPECT_TRUE(config.has_value()) << config.error().what;
    return config ? std::move(*config) : Config{};
}

}  // namespace

TEST(Config, ReadsTheSmallestRealFile) {
    auto config = read(
        "model_list:\n"
        "  - model_name: seance-oss-large\n"
        "    litellm_params:\n"
        "      model: openrouter/minimax/minimax-m2\n"
        "      api_key: os.environ/OPENROUTER_API_KEY\n"
        "general_settings:\n"
        "  master_key: os.environ/LITELLM_MASTER_KEY\n",
        {{"OPENROUTER_API_KEY", "or-key\n"}, {"LITELLM_MASTER_KEY", "sk-1"}});

    ASSERT_THAT(config.deployments, SizeIs(1));
    auto endpoint =
        find_endpoint(*config.deployments[0], config.deployments[0]->litellm_model, config.environment);
    ASSERT_TRUE(endpoint.has_value());
    EXPECT_EQ(endpoint->provider->prefix, "openrouter");
    EXPECT_EQ(endpoint->model, "minimax/minimax-m2");
    EXPECT_EQ(endpoint->base, "https://openrouter.ai/api/v1");
    EXPECT_EQ(endpoint->key.reveal(), "or-key");
    EXPECT_EQ(config.master_key.reveal(), "sk-1");
    EXPECT_THAT(config.notes.warnings, IsEmpty());
    EXPECT_THAT(config.notes.errors, IsEmpty());
}

TEST(Config, SaysAsAnErrorThatGuardrailsOfBothFormsAreNotApplied) {
    auto config = read(
        "model_list: [{model_name: a, litellm_params: {model: openai/a}}]\n"
        "guardrails:\n"
        "  - {guardrail_name: always, litellm_params: {guardrail: aim, default_on: true}}\n"
        "  - {guardrail_name: asked-for, litellm_params: {guardrail: aim}}\n"
        "litellm_settings:\n"
        "  guardrails:\n"
        "    - prompt_injection: {callbacks: [lakera_prompt_injection], default_on: true}\n"
        "    - pii_masking: {callbacks: [presidio], default_on: false}\n"
        "    - misread\n");

    EXPECT_THAT(config.notes.errors,
                ElementsAre(HasSubstr("config.yaml:3: the guardrail always is default_on"),
                            HasSubstr("config.yaml:7: the guardrail prompt_injection is "
                                      "default_on and is NOT applied")));
}

TEST(Config, TakesNumbersAndBooleansWrittenAsStrings) {
    auto config = read(
        "model_list:\n"
        "  - model_name: a\n"
        "    rpm: '60'\n"
        "    litellm_params: {model: openai/a, timeout: \"2.5\", num_retries: '4', temperature: '0.20', "
        "top_k: 3, weight: 2}\n"
        "general_settings: {health_check_details: 'False', max_request_size_mb: '1'}\n"
        "router_settings: {num_retries: \"5\"}\n"
        "litellm_settings: {num_retries: 1, request_timeout: 30}\n");

    auto& deployment = *config.deployments.at(0);
    EXPECT_EQ(deployment.rpm, 60);
    EXPECT_EQ(deployment.timeout, 2500ms);
    EXPECT_EQ(deployment.num_retries, 4);
    EXPECT_THAT(deployment.defaults, ElementsAre(std::pair("temperature", "0.20"), std::pair("top_k", "3")));
    EXPECT_FALSE(config.health_details);
    EXPECT_EQ(config.max_body, 1u << 20);
    EXPECT_EQ(config.routing.num_retries, 5) << "router_settings win";
    EXPECT_EQ(config.routing.timeout, 30s);
}

TEST(Config, FollowsAnchorsAndMergeKeys) {
    auto config = read(
        "shared: &shared {api_base: http://up, temperature: 1}\n"
        "model_list:\n"
        "  - {model_name: a, litellm_params: {<<: *shared, model: openai/a, temperature: 2}}\n");

    auto& deployment = *config.deployments.at(0);
    EXPECT_EQ(deployment.api_base, "http://up");
    EXPECT_THAT(deployment.defaults, ElementsAre(std::pair("temperature", "2")));
}

TEST(Config, ExportsVariablesBeforeItResolvesThem) {
    auto config = read(
        "environment_variables: {KEY: from-file, OTHER: os.environ/GIVEN}\n"
        "model_list:\n"
        "  - {model_name: a, litellm_params: {model: openai/a, api_key: os.environ/KEY, user: "
        "os.environ/OTHER}}\n",
        {{"GIVEN", "007"}});

    EXPECT_EQ(config.deployments.at(0)->api_key.reveal(), "from-file");
    EXPECT_THAT(config.deployments.at(0)->defaults, ElementsAre(std::pair("user", "\"007\"")));
}

TEST(Config, IncludesFilesAndLetsTheIncludingOneWin) {
    auto config = read(
        "include: [more/models.yaml]\n"
        "model_list: [{model_name: a, litellm_params: {model: openai/a}}]\n"
        "router_settings: {num_retries: 1}\n",
        {},
        {{"more/models.yaml",
          "include: other.yaml\nmodel_list: [{model_name: b, litellm_params: {model: "
          "openai/b}}]\nrouter_settings: "
          "{num_retries: 9, retry_after: 3}\n"},
         {"more/other.yaml", "model_list: [{model_name: c, litellm_params: {model: openai/c}}]\n"}});

    ASSERT_THAT(config.deployments, SizeIs(3));
    EXPECT_EQ(config.deployments[2]->model_name, "c");
    EXPECT_EQ(config.routing.num_retries, 1);
    EXPECT_EQ(config.routing.retry_after, 3s);
}

TEST(Config, RefusesAFileThatIncludesItself) {
    ReadFile read_file = [](const std::string&) {
        return Outcome<std::string>(boost::system::in_place_value, "include: [config.yaml]\n");
    };

    auto config = read_config("config.yaml", read_file, {});

    ASSERT_FALSE(config.has_value());
    EXPECT_THAT(config.error().what, HasSubstr("does a file include itself?"));
}

TEST(Config, PullsInCredentialsThatTheDeploymentDoesNotSet) {
    auto config = read(
        "credential_list:\n"
        "  - {credential_name: c, credential_values: {api_key: k, api_base: http://shared}}\n"
        "model_list:\n"
        "  - {model_name: a, litellm_params: {model: openai/a, litellm_credential_name: c, api_base: "
        "http://own}}\n"
        "  - {model_name: b, litellm_params: {model: openai/b, litellm_credential_name: nope}}\n");

    EXPECT_EQ(config.deployments.at(0)->api_key.reveal(), "k");
    EXPECT_EQ(config.deployments.at(0)->api_base, "http://own");
    EXPECT_THAT(config.notes.errors,
                ElementsAre(HasSubstr("the credential \"nope\" is not in credential_list")));
}

TEST(Config, LetsNobodyInByAnAddressThatIsNone) {
    auto config = read("general_settings: {allowed_ips: [10.0.0.0/8, here]}\n");

    ASSERT_TRUE(config.allowed_addresses);
    EXPECT_THAT(config.notes.errors, ElementsAre(HasSubstr("\"here\" is no address")));
    EXPECT_FALSE(read("general_settings: {}").allowed_addresses);
    EXPECT_TRUE(read("general_settings: {allowed_ips: []}").allowed_addresses);
}

TEST(Config, WarnsOfTyposAmongParametersAndOfNothingThatProvidersTake) {
    auto config = read(
        "model_list:\n"
        "  - model_name: a\n"
        "    litellm_params: {model: openai/x, temprature: 1, apibase: x, rpmm: 5, temperature: 1, stop: "
        "[b], tools: "
        "[],\n"
        "      response_format: {}, service_tier: flex, a_body_value_of_theirs: 1}\n");

    EXPECT_THAT(
        config.notes.warnings,
        testing::UnorderedElementsAre(
            "config.yaml:3: litellm_params.temprature is not a known key (did you mean temperature?); "
            "it is sent as part of the request body",
            "config.yaml:3: litellm_params.apibase is not a known key (did you mean api_base?); it is left "
            "out. A parameter of the provider's goes into extra_body",
            "config.yaml:3: litellm_params.rpmm is not a known key (did you mean rpm?); it is left out. A "
            "parameter of the provider's goes into extra_body"));
    std::vector<std::string> sent;
    for (auto& [name, value] : config.deployments.at(0)->defaults) sent.push_back(name);
    EXPECT_THAT(sent,
                testing::UnorderedElementsAre("temprature", "temperature", "stop", "tools", "response_format",
                                              "service_tier", "a_body_value_of_theirs"));
}

TEST(Config, SkipsWhatCannotBeADeploymentAndLoadsTheRest) {
    auto config = read(
        "model_list:\n"
        "  - {model_name: broken, litellm_params: {api_key: x}}\n"
        "  - just text\n"
        "  - {model_name: good, litellm_params: {model: openai/x, timeout: soon}}\n");

    ASSERT_THAT(config.deployments, SizeIs(1));
    EXPECT_EQ(config.deployments[0]->model_name, "good");
    EXPECT_THAT(config.notes.errors,
                ElementsAre(HasSubstr("config.yaml:2: the entry broken has no litellm_params.model"),
                            HasSubstr("config.yaml:3: an entry of model_list must be a map"),
                            HasSubstr("\"soon\" stands where a number belongs")));
}

TEST(Config, AnEmptyFileIsLegal) {
    EXPECT_THAT(read("").deployments, IsEmpty());
    EXPECT_THAT(read("model_list:\n").deployments, IsEmpty());
}

TEST(Config, NamesModelsThatCannotBeCalled) {
    auto config = read(
        "model_list:\n"
        "  - {model_name: a, litellm_params: {model: openrouter/x/y, api_key: os.environ/MY_KEY}}\n"
        "  - {model_name: b, litellm_params: {model: groq/l}}\n"
        "  - {model_name: c, litellm_params: {model: hosted_vllm/l}}\n"
        "  - {model_name: d, litellm_params: {model: cohere/command, api_key: k}}\n"
        "  - {model_name: e, litellm_params: {model: mystery-model}}\n"
        "  - {model_name: f, litellm_params: {model: hosted_vllm/l, api_base: http://up}}\n"
        "  - {model_name: '*', litellm_params: {model: '*'}}\n"
        "  - {model_name: g, litellm_params: {model: mystery, mock_response: hi}}\n");

    EXPECT_THAT(unusable_deployments(config),
                ElementsAre(HasSubstr("set the variable MY_KEY"), HasSubstr("set the variable GROQ_API_KEY"),
                            HasSubstr("set litellm_params.api_base or the variable HOSTED_VLLM_API_BASE"),
                            HasSubstr("cohere"), HasSubstr("LLM Provider NOT provided")));
}

TEST(Config, ADeploymentsIdSurvivesARestartAndDependsOnItsParameters) {
    auto id = [](const std::string& base) {
        return read("model_list: [{model_name: a, litellm_params: {model: openai/a, api_base: " + base +
                    "}}]")
            .deployments.at(0)
            ->id;
    };

    EXPECT_THAT(id("http://x"), SizeIs(64));
    EXPECT_EQ(id("http://x"), id("http://x"));
    EXPECT_NE(id("http://x"), id("http://y"));
}

TEST(Config, EachOrganizationIsADeployment) {
    auto config =
        read("model_list: [{model_name: a, litellm_params: {model: openai/a, organization: [o1, o2]}}]");

    ASSERT_THAT(config.deployments, SizeIs(2));
    EXPECT_EQ(config.deployments[1]->organization, "o2");
    EXPECT_NE(config.deployments[0]->id, config.deployments[1]->id);
}

TEST(Config, ShowsNoSecretInModelInfo) {
    auto config = read(
        "model_list:\n"
        "  - model_name: a\n"
        "    litellm_params: {model: openai/a, api_key: sk-s3cret, extra_headers: {X-Auth: s3cret}, "
        "aws_secret_access_key: s3cret, max_tokens: 5, input_cost_per_token: 1e-7}\n"
        "    model_info: {team: red, my_password: s3cret}\n");

    auto& deployment = *config.deployments.at(0);
    EXPECT_THAT(deployment.params_json, AllOf(Not(HasSubstr("s3cret")), HasSubstr("\"max_tokens\":5"),
                                              HasSubstr("\"input_cost_per_token\":1e-7")));
    EXPECT_THAT(deployment.info_json, AllOf(Not(HasSubstr("s3cret")), HasSubstr("\"team\":\"red\"")));
}

TEST(Config, LeavesOutHeadersThatCannotBeSent) {
    auto config = read(
        "model_list: [{model_name: a, litellm_params: {model: openai/a, extra_headers: {\"Bad Name\": x, "
        "Good: \"a\\r\\nb\", X-Ok: y}}}]");

    EXPECT_THAT(config.deployments.at(0)->headers, ElementsAre(std::pair("X-Ok", "y")));
    EXPECT_THAT(config.notes.errors, SizeIs(2));
}

TEST(Config, ReadsAliases) {
    auto config = read("router_settings: {model_group_alias: {a: b, c: {model: d, hidden: 'true'}, e: {}}}");

    ASSERT_THAT(config.aliases, SizeIs(2));
    EXPECT_EQ(config.aliases[0].target, "b");
    EXPECT_TRUE(config.aliases[1].hidden);
    EXPECT_THAT(config.notes.errors, ElementsAre(HasSubstr("the alias e names no model")));
}

TEST(Config, AMasterKeyWithoutAValueIsNotNoMasterKey) {
    EXPECT_THAT(read("general_settings: {master_key: os.environ/NOPE}").master_key_problem,
                HasSubstr("NOPE"));
    EXPECT_THAT(read("general_settings: {master_key: ''}").master_key_problem, HasSubstr("is empty"));
    EXPECT_EQ(read("general_settings: {}").master_key_problem, "");
    EXPECT_EQ(read("", {{"LITELLM_MASTER_KEY", "sk-env"}}).master_key.reveal(), "sk-env");
}

}  // namespace seance::litellm
