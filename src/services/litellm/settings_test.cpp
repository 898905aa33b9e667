#include "services/litellm/settings.hpp"

#include <gmock/gmock.h>

#include "services/litellm/handlers/relay.hpp"
#include "services/litellm/routes.hpp"

namespace seance::litellm {
namespace {

using namespace std::chrono_literals;

std::variant<Settings, int> read(std::vector<const char*> flags, const config::Sources& environment = {}) {
    flags.insert(flags.begin(), "seance-litellm");
    return read_settings(static_cast<int>(flags.size()), flags.data(), environment);
}

}  // namespace

TEST(Settings, FlagsWinOverVariablesAndDefaults) {
    auto plain = std::get<Settings>(read({"-c", "x.yaml"}));
    EXPECT_EQ(plain.port, 4000);
    EXPECT_EQ(plain.host, "0.0.0.0");
    EXPECT_FALSE(plain.loopback_only());

    auto flagged = std::get<Settings>(
        read({"--config=a.yaml", "--port", "1", "--host", "127.0.0.1", "--num_workers", "2",
              "--request_timeout", "1.5", "--keepalive_timeout", "5", "--detailed_debug", "--drop_params"},
             {{"PORT", "2"}, {"CONFIG_FILE_PATH", "b.yaml"}}));
    EXPECT_EQ(flagged.port, 1);
    EXPECT_EQ(flagged.config_path, "a.yaml");
    EXPECT_EQ(flagged.workers, 2u);
    EXPECT_EQ(flagged.request_timeout, 1500ms);
    EXPECT_EQ(flagged.keepalive_timeout, 5s);
    EXPECT_TRUE(flagged.debug);
    EXPECT_TRUE(flagged.loopback_only());

    auto variables = std::get<Settings>(
        read({}, {{"PORT", "2"}, {"CONFIG_FILE_PATH", "b.yaml"}, {"SERVER_ROOT_PATH", "llm/"}}));
    EXPECT_EQ(variables.port, 2);
    EXPECT_EQ(variables.root_path, "/llm");
}

TEST(Settings, ListsProblemsAndLeaves) {
    EXPECT_EQ(std::get<int>(read({})), 65);
    EXPECT_EQ(std::get<int>(read({"-c", "x", "--request_timeout", "-1"})), 65);
    EXPECT_EQ(std::get<int>(read({"-c", "x", "--ssl_keyfile_path", "k"})), 65);
    EXPECT_EQ(std::get<int>(read({"-c", "x"}, {{"LITELLM_LOG", "loud"}})), 65);
    EXPECT_EQ(std::get<int>(read({"--port", "x"})), 64);
    EXPECT_EQ(std::get<int>(read({"--version"})), 0);
}

TEST(Settings, KeepThePortsApart) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(std::get<int>(read({"-c", "x", "--port", "81"}, {{"ADMIN_PORT", "81"}})), 65);
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "seance-litellm: ADMIN_PORT is 81, the same as PORT or --port; set one of the two to another "
              "port\n");
}

TEST(Settings, ShowNoSecretsInTheirHelp) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(std::get<int>(read({"--help"}, {{"LITELLM_MASTER_KEY", "sk-hunter2"},
                                              {"REDIS_URL", "redis://:hunter3@h"},
                                              {"REDIS_PASSWORD", "hunter4"},
                                              {"SLACK_WEBHOOK_URL", "https://hooks.test/hunter5"}})),
              0);

    auto help = testing::internal::GetCapturedStdout();
    EXPECT_THAT(help, testing::HasSubstr("LITELLM_MASTER_KEY"));
    EXPECT_THAT(help, testing::Not(testing::HasSubstr("hunter")));
}

TEST(Settings, ListTheVariableOfTheSystemsCertificatesInTheirHelp) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(std::get<int>(read({"--help"})), 0);

    EXPECT_THAT(testing::internal::GetCapturedStdout(), testing::HasSubstr("\n  SSL_CERT_FILE  "));
}

TEST(Settings, NamesVariablesThatAreNearlyASetting) {
    auto settings = std::get<Settings>(read({"-c", "x"}, {{"LITELLM_SPOL_DIR", "/x"},
                                                          {"LITELLM_MASTERKEY", "sk-1"},
                                                          {"REDIS_SSL", "true"},
                                                          {"REDIS_PORT", "1"},
                                                          {"OPENAI_API_KEY", "k"},
                                                          {"AWS_PROFILE", "p"}}));

    ASSERT_EQ(settings.misspelled.size(), 2u);
    EXPECT_EQ(settings.misspelled[0].name, "LITELLM_MASTERKEY");
    EXPECT_EQ(settings.misspelled[0].meant, "LITELLM_MASTER_KEY");
    EXPECT_EQ(settings.misspelled[1].meant, "LITELLM_SPOOL_DIR");
}

TEST(Routes, ParametersMayHoldSlashesAndEscapes) {
    EXPECT_EQ(match_route("/v1/models/{model}", "/v1/models/openrouter/z-ai/glm%3Afree"),
              "openrouter/z-ai/glm:free");
    EXPECT_EQ(match_route("/engines/{model}/chat/completions", "/engines/a/b/chat/completions"), "a/b");
    EXPECT_EQ(match_route("/v1/models", "/v1/models"), "");
    EXPECT_FALSE(match_route("/v1/models/{model}", "/v1/models/"));
    EXPECT_FALSE(match_route("/engines/{model}/chat/completions", "/engines/chat/completions"));
}

TEST(RetryAfter, IsSecondsOrADate) {
    auto now = std::chrono::system_clock::from_time_t(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT

    EXPECT_EQ(parse_retry_after("7", now), 7s);
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now), 60s);
    for (auto bad : {"", "0", "-1", "soon", "99999", "Sun, 06 Nov 1994 08:40:00 GMT"})
        EXPECT_FALSE(parse_retry_after(bad, now)) << bad;
}

}  // namespace seance::litellm
