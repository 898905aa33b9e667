#include "platform/exports/words.hpp"

#include <gmock/gmock.h>

namespace seance::exports {
namespace {

using testing::ElementsAre;

TEST(CommandWords, TakesQuotesAwayAndKeepsEmptyWords) {
    EXPECT_THAT(command_words("valkey-server --save \"\"  --dir '/my data' a\\ b"),
                ElementsAre("valkey-server", "--save", "", "--dir", "/my data", "a b"));
    EXPECT_THAT(command_words("echo \"a\\\"b\\c\""), ElementsAre("echo", "a\"b\\c"));
}

TEST(CommandWords, LeavesToAShellWhatOnlyAShellUnderstands) {
    for (const auto* text :
         {"run $PORT", "a | b", "a && b", "ls *", "echo \"$HOME\"", "A=1 run", "echo 'open", "a; b", "a\\"})
        EXPECT_THAT(command_words(text), ElementsAre("/bin/sh", "-c", text)) << text;
    EXPECT_THAT(command_words("echo '$HOME'"), ElementsAre("echo", "$HOME"));
}

}  // namespace
}  // namespace seance::exports
