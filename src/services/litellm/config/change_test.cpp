#include "services/litellm/config/change.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Config config(const std::string& text, config::Sources environment = {}) {
    ReadFile read_file = [&](const std::string&) {
        return Outcome<std::string>(boost::system::in_place_value, text);
    };
    return std::move(*read_config("config.yaml", read_file, std::move(environment)));
}

std::string model(const char* id, const char* key) {
    return std::string("  - {model_name: big, litellm_params: {model: openai/x, api_key: ") + key +
           "}, model_info: {id: " + id + "}}\n";
}

}  // namespace

TEST(ConfigChange, NamesWhatChangedAndNoValues) {
    auto before = config("model_list:\n" + model("a", "sk-old") + model("b", "k") +
                         "router_settings: {num_retries: 1, timeout: 5}\n");
    auto after = config("model_list:\n" + model("a", "sk-new") + model("c", "k") +
                        "router_settings: {num_retries: 2}\ngeneral_settings: {master_key: sk-secret}\n");

    EXPECT_THAT(changes_between(before, after),
                ElementsAre("deployment a of big changed", "deployment c of big added",
                            "deployment b of big removed", "general_settings.master_key added",
                            "router_settings.num_retries changed", "router_settings.timeout removed"));
    EXPECT_THAT(changes_between(after, after), IsEmpty());
}

TEST(ConfigChange, KeepsTheStateOfDeploymentsThatStayAsTheyAre) {
    auto before = config("model_list:\n" + model("a", "k") + model("b", "k"));
    auto after = config("model_list:\n" + model("a", "k") + model("b", "other"));
    before.deployments[0]->state->in_flight = 3;
    before.deployments[1]->state->in_flight = 4;

    carry_over(after, before);

    EXPECT_EQ(after.deployments[0]->state->in_flight, 3);
    EXPECT_EQ(after.deployments[1]->state->in_flight, 0);
}

TEST(ConfigChange, IsRefusedIfItWouldEmptyOrCloseTheGateway) {
    auto before = config("model_list:\n" + model("a", "k"));
    auto refused = [&](const std::string& text) {
        auto reasons = reasons_to_refuse(before, config(text));
        return reasons.empty() ? std::string("taken") : reasons.front();
    };

    EXPECT_THAT(refused(""), HasSubstr("is empty"));
    EXPECT_THAT(refused("model_list: 7\n"), HasSubstr("config.yaml:1: model_list must be a list"));
    EXPECT_THAT(refused("model_list: []\nrouter_settings: [1]\n"),
                HasSubstr("router_settings must be a map"));
    EXPECT_THAT(
        refused("model_list:\n" + model("a", "k") + "general_settings: {master_key: os.environ/NONE}\n"),
        HasSubstr("os.environ/NONE, and that variable is not set"));
    EXPECT_THAT(refused("model_list: [{model_name: x}]\n"), HasSubstr("no deployment is left"));
    EXPECT_EQ(refused("model_list: []\n"), "taken");
}

TEST(ConfigChange, IsRefusedIfItWouldOpenTheGateway) {
    auto models = "model_list:\n" + model("a", "k");
    auto with_key = config(models + "general_settings: {master_key: sk-1}\n");
    auto without_value = config(models + "general_settings: {master_key: os.environ/NONE}\n");
    auto open = config(models);

    for (auto* before : {&with_key, &without_value}) {
        auto reasons = reasons_to_refuse(*before, open);
        ASSERT_EQ(reasons.size(), 1u);
        EXPECT_THAT(reasons.front(), HasSubstr("master_key is gone"));
    }
    EXPECT_THAT(reasons_to_refuse(open, open), IsEmpty());
    EXPECT_THAT(reasons_to_refuse(open, with_key), IsEmpty());
    EXPECT_THAT(reasons_to_refuse(with_key, config(models, {{"LITELLM_MASTER_KEY", "sk-1"}})), IsEmpty());
}

}  // namespace seance::litellm
