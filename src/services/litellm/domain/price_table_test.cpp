#include "services/litellm/domain/price_table.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "services/litellm/domain/entity.hpp"

namespace seance::litellm {
namespace {

Price price_of(std::string_view entry) {
    return read_price(boost::json::parse({entry.data(), entry.size()}).get_object());
}

TEST(Price, SubtractsCachedTokensFromTheNormalOnes) {
    auto price = price_of(R"({"input_cost_per_token":2e-6,"output_cost_per_token":8e-6,
        "cache_read_input_token_cost":5e-7,"cache_creation_input_token_cost":2.5e-6})");
    Usage usage;
    usage.prompt = 1000;
    usage.cached = 400;
    usage.cache_creation = 100;
    usage.completion = 10;

    // 500 × 2 + 400 × 0.5 + 100 × 2.5 + 10 × 8 millionths of a dollar.
    EXPECT_EQ(cost_of(price, usage), 1'530'000);
}

TEST(Price, CountsSoundAndImagesAtRatesOfTheirOwn) {
    auto speech = price_of(R"({"input_cost_per_token":1e-6,"output_cost_per_token":2e-6,
        "input_cost_per_audio_token":1e-5,"output_cost_per_audio_token":2e-5,"output_cost_per_image":1})");
    Usage usage{100, 50};
    usage.audio = 60;
    usage.audio_out = 10;
    usage.images = 3;

    // 40 × 1 + 60 × 10 + 40 × 2 + 10 × 20 millionths; images are priced by their tokens here.
    EXPECT_EQ(cost_of(speech, usage), 920'000);
    EXPECT_EQ(cost_of(price_of(R"({"output_cost_per_image":0.04})"), usage), 120'000'000);
    EXPECT_FALSE(price_of(R"({"output_cost_per_image":0.04})").free());
}

TEST(Price, TakesTheRatesOfLongPromptsAboveTheirThreshold) {
    auto price = price_of(R"({"input_cost_per_token":1e-6,"output_cost_per_token":1e-6,
        "input_cost_per_token_above_200k_tokens":2e-6,"output_cost_per_token_above_200k_tokens":3e-6})");

    EXPECT_EQ(cost_of(price, {200'000, 0}), 200'000'000);
    EXPECT_EQ(cost_of(price, {200'001, 1}), 400'005'000);
}

TEST(Price, LetsTheProvidersOwnFigureWin) {
    Usage usage{10, 10};
    usage.cost = 0.25;

    EXPECT_EQ(cost_of(price_of(R"({"input_cost_per_token":1})"), usage), 250'000'000);
}

TEST(Price, AddsFractionsOfANanodollarExactlyBeforeItRounds) {
    auto price = price_of(R"({"input_cost_per_token":3.75e-8})");

    EXPECT_EQ(cost_of(price, {3, 0}), 113);  // 112.5
    EXPECT_EQ(cost_of(price, {2, 0}), 75);
}

TEST(Price, IsFreeOnlyIfNothingCosts) {
    EXPECT_TRUE(price_of(R"({"input_cost_per_token":0,"output_cost_per_token":0})").free());
    EXPECT_FALSE(price_of(R"({"output_cost_per_token":1e-9})").free());
}

TEST(Price, DoesNotOverflow) {
    EXPECT_EQ(cost_of(price_of(R"({"input_cost_per_token":1})"), {1ULL << 62, 0}), 1'000'000'000'000'000'000);
}

TEST(PriceTable, CarriesEachPriceWithItsSourceAndDate) {
    auto& table = PriceTable::built_in();

    EXPECT_GT(table.size(), 50u);
    for (auto [provider, model] :
         {std::pair("openai", "gpt-4o-mini"), std::pair("anthropic", "claude-sonnet-4-5"),
          std::pair("gemini", "gemini-2.5-pro")}) {
        auto entry = table.entry(provider, model);
        ASSERT_NE(entry, nullptr) << model;
        EXPECT_TRUE(text_of(*entry, "source")->starts_with("https://"));
        EXPECT_TRUE(text_of(*entry, "date"));
    }
}

TEST(PriceTable, FindsADatedModelByItsFamilyButNoOtherName) {
    auto& table = PriceTable::built_in();

    EXPECT_NE(table.entry("openai", "gpt-4o-2024-08-06"), nullptr);
    EXPECT_NE(table.entry("anthropic", "claude-sonnet-4-5-20250929"), nullptr);
    EXPECT_EQ(table.entry("openai", "gpt-4o-huge"), nullptr);
}

TEST(PriceTable, RefusesWhatIsNoObject) {
    EXPECT_FALSE(PriceTable::parse("[1]", "x.json"));
    EXPECT_EQ(
        PriceTable::parse(R"({"sample_spec":{},"a":{"input_cost_per_token":1},"b":3})", "x.json")->size(),
        1u);
}

}  // namespace
}  // namespace seance::litellm
