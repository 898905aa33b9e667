#include "services/litellm/config/known_keys.hpp"

#include <gmock/gmock.h>

#include "services/litellm/config/config.hpp"

namespace seance::litellm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Config read(const std::string& text, config::Sources environment = {}) {
    ReadFile read_file = [&](const std::string&) {
        return Outcome<std::string>(boost::system::in_place_value, text);
    };
    return std::move(*read_config("config.yaml", read_file, std::move(environment)));
}

}  // namespace

TEST(KnownKeys, AreWarnedAboutOnceIfTheyHaveNoEffectWithTheNearest) {
    auto config = read(
        "model_lst: []\n"
        "router_settings:\n"
        "  cache_kwargs: {}\n"
        "  num_retrys: 3\n"
        "general_settings: {infer_model_from_keys: true}\n"
        "mcp_servers: {}\n");

    EXPECT_THAT(
        config.notes.warnings,
        testing::UnorderedElementsAre(
            "config.yaml:1: model_lst is not a known key (did you mean model_list?); it is ignored",
            "config.yaml:3: router_settings.cache_kwargs is recognised, but has no effect here",
            "config.yaml:4: router_settings.num_retrys is not a known key (did you mean num_retries?); it is "
            "ignored",
            "config.yaml:5: general_settings.infer_model_from_keys is recognised, but has no effect here",
            "config.yaml:6: mcp_servers is recognised, but has no effect here"));
}

TEST(KnownKeys, AreWarnedAboutForAValueThatChangesNothingAndNotForTheUsualOne) {
    auto config = read(
        "router_settings: {set_verbose: False, ignore_invalid_deployments: true}\n"
        "litellm_settings: {set_verbose: True, json_logs: true, service_callbacks: [datadog]}\n"
        "general_settings: {embedding_model: e, max_parallel_requests: 3, proxy_batch_write_at: 10}\n",
        {{"REDIS_URL", "redis://127.0.0.1"}});

    EXPECT_THAT(
        config.notes.warnings,
        testing::UnorderedElementsAre(
            "config.yaml:2: litellm_settings.set_verbose: True is recognised, but has no effect here",
            HasSubstr("the callback \"datadog\" is not available here"),
            "config.yaml:3: general_settings.proxy_batch_write_at is recognised, but has no effect here"));
}

TEST(LedgerAddress, IsOfTlsByUrlOrByParts) {
    EXPECT_TRUE(read("", {{"REDIS_URL", "rediss://cache.example"}}).ledger.server->server.tls);
    EXPECT_TRUE(read("", {{"REDIS_HOST", "cache.example"}, {"REDIS_SSL", "True"}}).ledger.server->server.tls);
    EXPECT_FALSE(read("", {{"REDIS_HOST", "cache.example"}}).ledger.server->server.tls);
    EXPECT_TRUE(read("general_settings: {database_url: rediss://cache.example}").ledger.server->server.tls);
    EXPECT_TRUE(read("litellm_settings: {cache: true, cache_params: {host: cache.example, ssl: true}}")
                    .ledger.cache.server->server.tls);
    EXPECT_THAT(read("", {{"DATABASE_URL", "rediss://cache.example:0"}}).notes.errors,
                ElementsAre(HasSubstr("DATABASE_URL: the port")));
}

TEST(LedgerAddress, IsOfAClusterByItsNodes) {
    auto config = read("", {{"REDIS_CLUSTER_NODES", R"([{"host": "a", "port": "7001"}, {"host": "b"}])"},
                            {"REDIS_URL", "redis://one.example"},
                            {"REDIS_PASSWORD", "secret"},
                            {"REDIS_DB", "3"}});
    auto& server = config.ledger.server;
    ASSERT_TRUE(server && server->cluster);
    EXPECT_EQ(server->server.printed(), "a:7001");
    EXPECT_EQ(server->others.at(0).printed(), "b:6379");
    EXPECT_EQ(server->others.at(0).password.reveal(), "secret");
    EXPECT_EQ(server->server.database, 0u);
    EXPECT_THAT(config.notes.warnings, ElementsAre(HasSubstr("the number 3 has no effect")));

    auto cache = read(
                     "litellm_settings:\n  cache: true\n  cache_params: {redis_startup_nodes: [{host: c, "
                     "port: 7}], password: p}")
                     .ledger.cache.server;
    ASSERT_TRUE(cache && cache->cluster);
    EXPECT_EQ(cache->server.printed(), "c:7");
    EXPECT_EQ(cache->server.password.reveal(), "p");
    for (auto bad : {"a:7001", "{}", "[]", "[1]", R"([{"port": 1}])", R"([{"host": "a", "port": 0}])"}) {
        auto refused = read("", {{"REDIS_CLUSTER_NODES", bad}, {"REDIS_URL", "redis://one.example"}});
        EXPECT_FALSE(refused.ledger.server) << bad;
        EXPECT_THAT(refused.notes.errors, ElementsAre(HasSubstr("is no list of a cluster's nodes"))) << bad;
    }
}

TEST(LedgerTimes, OfWaitingAreBetweenAMillisecondAndFiveSecondsAndPatienceIsNotTheShorter) {
    using namespace std::chrono_literals;
    auto with = [](const char* deadline, const char* patience) {
        return read("", {{"REDIS_URL", "redis://one.example"},
                         {"LITELLM_VALKEY_DEADLINE", deadline},
                         {"LITELLM_VALKEY_PATIENCE", patience}});
    };

    EXPECT_EQ(with("", "").ledger.deadline, 50ms);
    EXPECT_EQ(with("", "").ledger.patience, 500ms);
    EXPECT_EQ(with("1ms", "1h").ledger.deadline, 1ms);
    EXPECT_EQ(with("1ms", "1h").ledger.patience, 5s);
    EXPECT_EQ(with("900ms", "100ms").ledger.patience, 900ms);
    auto wrong = with("0ms", "soon");
    EXPECT_EQ(wrong.ledger.patience, 500ms);
    EXPECT_THAT(wrong.notes.errors,
                ElementsAre("LITELLM_VALKEY_DEADLINE is \"0ms\"; write a time such as 50ms",
                            "LITELLM_VALKEY_PATIENCE is \"soon\"; write a time such as 500ms"));
}

TEST(KnownKeys, AreWarnedAboutIfTheyAreLimitsThatNobodyCanKeep) {
    std::string text = "litellm_settings: {max_budget: 3}\n";

    EXPECT_THAT(
        read(text).notes.warnings,
        ElementsAre(HasSubstr("config.yaml:1: litellm_settings.max_budget has no effect without Valkey")));
    EXPECT_THAT(read(text, {{"REDIS_HOST", "127.0.0.1"}}).notes.warnings, IsEmpty());
}

TEST(KnownKeys, KeepPricesAndWhatIsLiteLlmsOwnFromUpstreams) {
    auto config = read(
        "model_list:\n"
        "  - model_name: a\n"
        "    litellm_params: {model: openai/x, api_key: k, input_cost_per_token_above_128k_tokens: 1,\n"
        "      output_cost_per_reasoning_token: 1, output_cost_per_image: 1, input_cost_per_audio_token: 1, "
        "input_cost_per_image: 1,\n"
        "      client_secret: hush, fallbacks: [b], seed: 7}\n");

    EXPECT_THAT(config.deployments.at(0)->defaults, ElementsAre(testing::Pair("seed", "7")));
    EXPECT_THAT(
        config.notes.warnings,
        ElementsAre(
            "config.yaml:4: litellm_params.input_cost_per_image is recognised, but has no effect here",
            "config.yaml:5: litellm_params.client_secret is recognised, but has no effect here",
            "config.yaml:5: litellm_params.fallbacks is recognised, but has no effect here"));
}

}  // namespace seance::litellm
