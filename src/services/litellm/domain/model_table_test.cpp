#include "services/litellm/domain/model_table.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

using testing::ElementsAre;

ModelTable table(const std::string& text, config::Sources environment = {}) {
    ReadFile read_file = [&](const std::string&) {
        return Outcome<std::string>(boost::system::in_place_value, text);
    };
    auto config = read_config("config.yaml", read_file, std::move(environment));
    return ModelTable(std::make_shared<const Config>(std::move(*config)));
}

// "provider model", or why not.
std::string target(const ModelTable& models, std::string_view name) {
    auto found = models.resolve(name);
    if (!found) return "nothing";
    auto& candidate = found->candidates.at(0);
    auto choice = choose_provider(candidate.model, candidate.deployment->forced_provider,
                                  candidate.deployment->api_base, models.config().environment);
    return choice.provider ? std::string(choice.provider->prefix) + " " + choice.model : "no provider";
}

}  // namespace

TEST(ModelTable, FollowsTheTableOfWildcards) {
    EXPECT_EQ(target(table("model_list: [{model_name: openai/*, litellm_params: {model: openai/*}}]"),
                     "openai/gpt-4o"),
              "openai gpt-4o");
    EXPECT_EQ(target(table("model_list: [{model_name: team-a/*, litellm_params: {model: openrouter/*}}]"),
                     "team-a/z-ai/glm-4.6"),
              "openrouter z-ai/glm-4.6");
    EXPECT_EQ(
        target(table("model_list: [{model_name: '*', litellm_params: {model: '*'}}]"), "anthropic/claude-x"),
        "anthropic claude-x");
    EXPECT_EQ(
        target(
            table(
                "model_list: [{model_name: fast-*, litellm_params: {model: groq/llama-3.3-70b-versatile}}]"),
            "fast-anything"),
        "groq llama-3.3-70b-versatile");
}

TEST(ModelTable, TakesTheFirstHitInOrder) {
    auto models = table(
        "model_list:\n"
        "  - {model_name: gpt-x, litellm_params: {model: openai/exact}, model_info: {id: the-id}}\n"
        "  - {model_name: gpt-*, litellm_params: {model: openai/short}}\n"
        "  - {model_name: gpt-4*, litellm_params: {model: openai/long}}\n"
        "  - {model_name: openai/*, litellm_params: {model: openai/inferred-*}}\n"
        "  - {model_name: '*', litellm_params: {model: 'groq/*'}}\n"
        "router_settings: {model_group_alias: {nick: gpt-x, gpt-4: gpt-x}}\n");

    EXPECT_EQ(target(models, "nick"), "openai exact");
    EXPECT_EQ(target(models, "gpt-4"), "openai exact") << "an alias comes before a wildcard";
    EXPECT_EQ(target(models, "the-id"), "openai exact");
    EXPECT_EQ(target(models, "gpt-4o"), "openai long");
    EXPECT_EQ(target(models, "gpt-5"), "openai short");
    EXPECT_EQ(target(models, "o3-mini"), "openai inferred-o3-mini");
    EXPECT_EQ(target(models, "anything/else"), "groq anything/else");
    EXPECT_EQ(models.resolve("the-id")->candidates.size(), 1u);
}

TEST(ModelTable, ChoosesProvidersByPrefixHostAndFamily) {
    config::Sources none, gemini = {{"GEMINI_API_KEY", "k"}};
    auto choice = [](std::string_view model, std::string_view base, const config::Sources& environment) {
        auto made = choose_provider(model, "", base, environment);
        return made.provider ? std::string(made.provider->prefix) + " " + made.model : "none";
    };

    EXPECT_EQ(choice("openrouter/deepseek/deepseek-r1:free", "", none),
              "openrouter deepseek/deepseek-r1:free");
    EXPECT_EQ(choice("openrouter/auto", "", none), "openrouter openrouter/auto");
    EXPECT_EQ(choice("gpt-4o", "", none), "openai gpt-4o");
    EXPECT_EQ(choice("claude-x", "", none), "anthropic claude-x");
    EXPECT_EQ(choice("gemini-2", "", none), "vertex_ai gemini-2");
    EXPECT_EQ(choice("gemini-2", "", gemini), "gemini gemini-2");
    EXPECT_EQ(choice("llama", "https://api.groq.com/openai/v1", none), "groq llama");
    EXPECT_EQ(choice("unknown/model", "", none), "none");
    EXPECT_EQ(choose_provider("a/b", "custom_openai", "", none).model, "a/b");
}

TEST(ModelTable, ListsNamesOnceInTheOrderOfTheFile) {
    auto models = table(
        "model_list:\n"
        "  - {model_name: b, litellm_params: {model: openai/x}}\n"
        "  - {model_name: a, litellm_params: {model: openai/x}}\n"
        "  - {model_name: b, litellm_params: {model: openai/y}}\n"
        "  - {model_name: w/*, litellm_params: {model: openai/*}}\n"
        "router_settings: {model_group_alias: {nick: a, secret: {model: a, hidden: true}}}\n");

    EXPECT_THAT(models.public_names(false), ElementsAre("b", "a", "nick"));
    EXPECT_THAT(models.public_names(true), ElementsAre("b", "a", "w/*", "nick"));
    EXPECT_EQ(models.resolve("b")->candidates.size(), 2u);
    EXPECT_FALSE(models.resolve("c"));
}

TEST(ModelTable, NamesFallbacksThatNothingAnswersTo) {
    auto models = table(
        "model_list:\n"
        "  - {model_name: big, litellm_params: {model: openai/x}}\n"
        "  - {model_name: small, litellm_params: {model: openai/y}}\n"
        "  - {model_name: groq/*, litellm_params: {model: groq/*}}\n"
        "router_settings:\n"
        "  model_group_alias: {other: small}\n"
        "  fallbacks: [{big: [smal, small, other, groq/llama]}]\n"
        "  default_fallbacks: [claude]\n");

    EXPECT_THAT(
        models.unknown_fallbacks(),
        ElementsAre("fallbacks of big name smal, which is no model_name of model_list (did you mean "
                    "small?); it is passed over",
                    "fallbacks of all models name claude, which is no model_name of model_list; it is "
                    "passed over"));
}

}  // namespace seance::litellm
