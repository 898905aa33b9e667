#include "services/litellm/config/checks.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Notes notes_of(const std::string& text, config::Sources environment = {}) {
    ReadFile read_file = [&](const std::string&) {
        return Outcome<std::string>(boost::system::in_place_value, text);
    };
    auto config = read_config("config.yaml", read_file, std::move(environment));
    EXPECT_TRUE(config.has_value()) << config.error().what;
    return config ? config->notes : Notes{};
}

Notes notes_of_model(const std::string& params, config::Sources environment = {}) {
    return notes_of("model_list:\n  - model_name: m\n    litellm_params:\n      model: openai/o3\n" + params,
                    std::move(environment));
}

TEST(Checks, TellOfAnAddressThatIsNone) {
    EXPECT_THAT(
        notes_of_model("      api_base: localhost:8000/v1\n      api_key: k\n").errors,
        ElementsAre("config.yaml:5: litellm_params.api_base \"localhost:8000/v1\" has no scheme; write "
                    "http://localhost:8000/v1 or https://localhost:8000/v1"));
    EXPECT_THAT(notes_of_model("      api_base: ftp://x:secret@host/v1\n      api_key: k\n").errors,
                ElementsAre(testing::AllOf(HasSubstr("\"host/v1\" is no http or https address"),
                                           Not(HasSubstr("secret")))));
    EXPECT_THAT(
        notes_of_model("      api_base: https://host/v1/chat/completions\n      api_key: k\n").warnings,
        ElementsAre(HasSubstr("write https://host/v1")));
    EXPECT_THAT(notes_of_model("      api_base: http://host:9000/v1/?a=b\n      api_key: k\n").errors,
                IsEmpty());
}

TEST(Checks, TellOfAKeyThatCannotBeOneWithoutRepeatingIt) {
    for (auto key :
         {"\"Bearer sk-secret\"", "\"sk-secret sk-other\"", "\"sk-se\\ncret\"", "\"'sk-secret'\""}) {
        auto errors = notes_of_model(std::string("      api_key: ") + key + "\n").errors;
        EXPECT_THAT(errors, ElementsAre(HasSubstr("config.yaml:5: litellm_params.api_key"))) << key;
        EXPECT_THAT(errors, Not(Contains(HasSubstr("sk-se")))) << key;
    }
    EXPECT_THAT(notes_of_model("      api_key: os.environ/K\n", {{"K", " sk-secret\n"}}).errors, IsEmpty());
}

TEST(Checks, TellOfVariablesWithoutAValue) {
    auto notes = notes_of_model(
        "      api_base: os.environ/BASE\n      api_key: k\nrouter_settings:\n  redis_password: "
        "os.environ/PASS\n",
        {{"PASS", ""}});

    EXPECT_THAT(
        notes.warnings,
        Contains(HasSubstr("config.yaml:5: model_list.litellm_params.api_base: the variable BASE is not "
                           "set or empty; calls go to the provider's own address")));
    EXPECT_THAT(
        notes.warnings,
        Contains(HasSubstr("config.yaml:8: router_settings.redis_password: the variable PASS is not set")));
}

TEST(Checks, TellOfAKeyThatStandsInForTheOneOfTheFile) {
    EXPECT_THAT(notes_of_model("      api_key: os.environ/MINE\n", {{"OPENAI_API_KEY", "sk-other"}}).warnings,
                ElementsAre("model m: the variable MINE is not set or empty; it is called with the key of "
                            "OPENAI_API_KEY"));
    EXPECT_THAT(notes_of_model("      api_key: os.environ/MINE\n", {{"MINE", "sk-mine"}}).warnings,
                IsEmpty());
}

TEST(Checks, TellOfOtherWaysToWriteAVariable) {
    for (auto text : {"${OPENAI_KEY}", "$OPENAI_KEY", "os.environ.OPENAI_KEY", "os.environ['OPENAI_KEY']"})
        EXPECT_THAT(notes_of_model(std::string("      api_key: \"") + text + "\"\n").errors,
                    ElementsAre(HasSubstr("a variable is written os.environ/ and its name")))
            << text;
    EXPECT_THAT(notes_of_model("      api_key: os.environ/K\n", {{"K", "$ECRET"}}).errors, IsEmpty());
    EXPECT_THAT(notes_of("general_settings: { master_key: \"$5\" }\n").errors, IsEmpty()) << "a price";
}

TEST(Checks, TellOfDefaultsForKeysThatAreNone) {
    auto notes = notes_of(
        "litellm_settings:\n  default_key_generate_params:\n    max_bugdet: 5\n  default_team_params:\n"
        "    max_budget: much\n");

    EXPECT_THAT(notes.errors, Contains(HasSubstr("did you mean max_budget?")));
    EXPECT_THAT(notes.errors, Contains(HasSubstr("default_team_params: max_budget must be an amount")));
}

}  // namespace
}  // namespace seance::litellm
