#include "core/config/misspelled.hpp"

#include <gtest/gtest.h>

namespace seance::config {
namespace {

std::string found(const Sources& sources) {
    Reader read(sources);
    std::string text, secret;
    std::uint64_t number = 0;
    read(secret, "ROOM_TOKEN_SECRET", {.about = "Key of tokens"});
    read(number, "MAX_CONNECTIONS", {.about = "Connections"});
    read(text, "REDIS_HOST", {.about = "Host of Valkey"});
    read(text, "PORT", {.about = "Port"});
    read(text, "EXACTLY8", {.about = "As short as may be"});
    read(text, "ADDRESS", {.about = "Where to listen"});
    read(text, "VALKEY_URL", {.about = "Valkey"});
    read(text, "SEVEN_7", {.about = "Too short"});
    std::string out;
    for (const auto& [name, meant] : find_misspelled(sources, read.declared()))
        out += (out.empty() ? "" : ", ") + name + ": " + meant;
    return out;
}

TEST(Misspelled, NamesTheSettingThatWasProbablyMeant) {
    EXPECT_EQ(found({{"ROOM_TOKEN_SECERT", "x"}, {"MAX_CONECTIONS", "1"}}),
              "MAX_CONECTIONS: MAX_CONNECTIONS, ROOM_TOKEN_SECERT: ROOM_TOKEN_SECRET");
    EXPECT_EQ(found({{"ROOM-TOKEN-SECRET", "x"}}), "ROOM-TOKEN-SECRET: ROOM_TOKEN_SECRET");
    EXPECT_EQ(found({{"EXACTLY", "x"}}), "EXACTLY: EXACTLY8");
}

TEST(Misspelled, KnowsWhatOtherProgramsCallASetting) {
    EXPECT_EQ(found({{"HOST", "127.0.0.1"}, {"REDIS_URL", "redis://cache:6379"}}),
              "HOST: ADDRESS, REDIS_URL: VALKEY_URL");
    EXPECT_EQ(found({{"HOST", "c0ffee"}, {"ADDRESS", "::"}}), "") << "the setting itself is set";
    EXPECT_EQ(found({{"HOST", ""}, {"YPERSISTENCE", "/documents"}}), "") << "no setting of this program";
}

TEST(Misspelled, LeavesOthersVariablesAlone) {
    EXPECT_EQ(found({{"ROOM_TOKEN_SECRET", "x"}, {"PATH", "/bin"}, {"POST", "x"}, {"SEVEN_77", "x"}}), "");
    EXPECT_EQ(found({{"ROM_TKEN_SECRE", "x"}}), "") << "three letters";
    EXPECT_EQ(found({{"REDIS_PORT", "6379"}}), "") << "a setting of another service";
    EXPECT_EQ(found({{"ROOM_TOKEN_SECRET", "x"}, {"ROOM_TOKEN_SECRET2", "x"}}), "") << "the next one";
    EXPECT_EQ(found({{"ROOM_TOKEN_SECERT", ""}}), "") << "as good as not set";
}

}  // namespace
}  // namespace seance::config
