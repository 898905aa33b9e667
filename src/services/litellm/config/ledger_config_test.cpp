#include "services/litellm/config/ledger_config.hpp"

#include <gmock/gmock.h>

#include "services/litellm/config/config.hpp"

namespace seance::litellm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Outcome<Config> read(const std::string& text, config::Sources environment = {}) {
    ReadFile read_file = [&](const std::string&) {
        return Outcome<std::string>(boost::system::in_place_value, text);
    };
    return read_config("c.yaml", read_file, std::move(environment));
}

}  // namespace

TEST(LedgerConfig, TakesCountsFromTheEnvironment) {
    auto usual = read("");
    auto own = read("environment_variables: {LITELLM_RATE_LIMIT_WINDOW_SIZE: 10}",
                    {{"LITELLM_SPOOL_MAX_MB", " 3 "}});
    auto most = read("", {{"LITELLM_SPOOL_MAX_MB", "99999999"}});

    ASSERT_TRUE(usual && own && most);
    EXPECT_EQ(usual->ledger.most_spooled, 1024u << 20);
    EXPECT_EQ(own->ledger.most_spooled, 3u << 20);
    EXPECT_EQ(own->ledger.window, std::chrono::seconds(10));
    EXPECT_EQ(most->ledger.most_spooled, 1ULL << 40);
}

TEST(LedgerConfig, RefusesCountsOfNothingAndSaysWhatToSet) {
    for (std::string wrong : {"0", "-1", "x", "1.5"}) {
        auto config = read("", {{"LITELLM_SPOOL_MAX_MB", wrong}});
        ASSERT_FALSE(config) << wrong;
        EXPECT_EQ(config.error().what, "LITELLM_SPOOL_MAX_MB is \"" + wrong +
                                           "\"; set it to a whole number of MB from 1 up, or leave it out "
                                           "for 1024");
    }
    auto both =
        read("environment_variables: {LITELLM_RATE_LIMIT_WINDOW_SIZE: 0}", {{"LITELLM_SPOOL_MAX_MB", "0"}});
    ASSERT_FALSE(both);
    EXPECT_THAT(both.error().what, HasSubstr("LITELLM_SPOOL_MAX_MB is"));
    EXPECT_THAT(both.error().what, HasSubstr("WINDOW_SIZE is \"0\"; set it to a whole number of seconds"));
}

TEST(LedgerConfig, TellsOfSizesOfNothingInTheFileAndKeepsTheUsualOnes) {
    auto config = read(
        "general_settings:\n"
        "  max_request_size_mb: 0\n"
        "  max_response_size_mb: -1\n"
        "  maximum_spend_logs_count: 0\n");

    ASSERT_TRUE(config);
    EXPECT_THAT(config->notes.errors,
                ElementsAre("c.yaml:2: \"0\" stands where a number above 0 belongs; it is ignored",
                            "c.yaml:3: \"-1\" stands where a number above 0 belongs; it is ignored",
                            "c.yaml:4: \"0\" stands where a number above 0 belongs; it is ignored"));
    EXPECT_EQ(config->max_body, Config().max_body);
    EXPECT_EQ(config->ledger.most_records, 100'000u);
}

}  // namespace seance::litellm
