#include "services/litellm/domain/longest_answer.hpp"

#include <gtest/gtest.h>

#include "services/litellm/domain/price_table.hpp"

namespace seance::litellm {

TEST(LongestAnswer, ComesFromTheDeploymentThenTheTable) {
    Config config;
    Deployment deployment;
    Endpoint endpoint{find_provider("anthropic"), "claude-sonnet-4-5-20250929", "", {}};
    EXPECT_EQ(longest_answer(deployment, endpoint, config), 64000u);

    deployment.info_json = R"({"base_model":"claude-sonnet-4"})";
    endpoint.model = "my-own";
    EXPECT_EQ(longest_answer(deployment, endpoint, config), 64000u);

    deployment.info_json.clear();
    EXPECT_EQ(longest_answer(deployment, endpoint, config), 4096u);

    config.ledger_prices = std::make_shared<const PriceTable>(
        *PriceTable::parse(R"({"anthropic/my-own":{"max_output_tokens":7000}})", "map"));
    EXPECT_EQ(longest_answer(deployment, endpoint, config), 7000u);

    deployment.wire.max_output_tokens = 9000;
    EXPECT_EQ(longest_answer(deployment, endpoint, config), 9000u);
}

}  // namespace seance::litellm
