#include "services/litellm/domain/unpriced.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Config read(const std::string& list) {
    ReadFile read_file = [&](const std::string&) -> Outcome<std::string> {
        return Outcome<std::string>(boost::system::in_place_value, "model_list:\n" + list);
    };
    auto config = read_config("c.yaml", read_file, {});
    return std::move(config.value());
}

std::vector<std::string> unpriced(const std::string& list) {
    std::vector<std::string> told;
    for (auto& warning : read(list).notes.warnings)
        if (warning.find("no price is known") != std::string::npos) told.push_back(warning);
    return told;
}

TEST(UnpricedModels, AreToldWithTheirLineAndWhatToSet) {
    EXPECT_THAT(
        unpriced("  - model_name: big\n"
                 "    litellm_params:\n"
                 "      api_key: k\n"
                 "      model: openai/nobody-knows\n"),
        ElementsAre("c.yaml:5: no price is known of model big (openai/nobody-knows): its calls cost 0, "
                    "and no budget holds them. Set input_cost_per_token and output_cost_per_token in "
                    "its litellm_params, to 0 if it is free"));
}

TEST(UnpricedModels, AreKeptByTheNameThatTheirCallsHave) {
    auto config = read(
        "  - {model_name: a, litellm_params: {model: gpt-nobody-knows, custom_llm_provider: openai, api_key: "
        "k}}\n"
        "  - {model_name: b, litellm_params: {model: azure/mine, api_key: k, api_base: http://x}}\n"
        "  - {model_name: c/*, litellm_params: {model: openai/*, api_key: k}}\n");

    EXPECT_THAT(config.told_unpriced, ElementsAre("azure/mine", "openai/gpt-nobody-knows"));
}

TEST(UnpricedModels, AreNoneWithAPriceFromAnywhere) {
    EXPECT_THAT(
        unpriced(
            "  - {model_name: a, litellm_params: {model: openai/gpt-4o-mini, api_key: k}}\n"
            "  - {model_name: b, litellm_params: {model: openai/x, api_key: k, input_cost_per_token: 0}}\n"
            "  - {model_name: c, litellm_params: {model: openai/x, api_key: k}, model_info: "
            "{output_cost_per_image: 0.1}}\n"
            "  - {model_name: d, litellm_params: {model: azure/mine, api_key: k, api_base: http://x}, "
            "model_info: {base_model: gpt-4o}}\n"),
        IsEmpty());
}

TEST(UnpricedModels, AreNoneThatCostNothingOrTellOrCannotBeCalled) {
    EXPECT_THAT(
        unpriced("  - {model_name: mock, litellm_params: {model: openai/x, mock_response: hi}}\n"
                 "  - {model_name: own, litellm_params: {model: ollama/x}}\n"
                 "  - {model_name: gpu, litellm_params: {model: hosted_vllm/x, api_base: http://x/v1}}\n"
                 "  - {model_name: or, litellm_params: {model: openrouter/x/y, api_key: k}}\n"
                 "  - {model_name: off, litellm_params: {model: openai/x}}\n"
                 "  - {model_name: openai/*, litellm_params: {model: openai/*, api_key: k}}\n"),
        IsEmpty());
}

TEST(UnpricedModels, AreToldOnceOfAnEntryWithSeveralOrganizations) {
    EXPECT_EQ(
        unpriced("  - {model_name: a, litellm_params: {model: openai/x, api_key: k, organization: [o, p]}}\n")
            .size(),
        1u);
}

}  // namespace
}  // namespace seance::litellm
