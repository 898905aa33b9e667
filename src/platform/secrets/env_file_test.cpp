#include "platform/secrets/env_file.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::secrets {

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// "NAME=<value>;" of each, or "line: what" of the problems.
std::string parsed(std::string_view text) {
    const auto file = parse_env_file(text);
    std::string shown;
    if (file.problems.empty())
        for (const auto& [name, value] : file.values) shown += name + "=<" + value.reveal() + ">;";
    for (const auto& problem : file.problems)
        shown += std::to_string(problem.line) + ": " + problem.what + "\n";
    return shown;
}

// A file with a mode.
struct File {
    testing_support::TemporaryFolder folder;
    std::string path = (folder.path() / ".env").string();

    explicit File(const std::string& text, unsigned mode = 0600) {
        std::ofstream(path, std::ios::binary) << text;
        std::filesystem::permissions(path, static_cast<std::filesystem::perms>(mode));
    }
};

Awaitable<void> read_into(SecretSource& source, std::optional<Outcome<Bundle>>& result) {
    result.emplace(co_await source.read());
}

Outcome<Bundle> read(const std::string& path) {
    Loop loop;
    EnvFile file(path);
    std::optional<Outcome<Bundle>> result;
    testing_support::run(loop, read_into(file, result));
    return std::move(*result);
}

}  // namespace

TEST(ParseEnvFile, ReadsLinesCommentsAndExport) {
    EXPECT_EQ(parsed("# all of them\n\nA=1\n  export B=two # a remark\n\tC=\r\nexport=x\nD=a#b=c"),
              "A=<1>;B=<two>;C=<>;D=<a#b=c>;export=<x>;");
    EXPECT_EQ(parsed(""), "");
    EXPECT_EQ(parsed("\xEF\xBB\xBF"
                     "A=1"),
              "A=<1>;");
}

TEST(ParseEnvFile, TakesSingleQuotesAsTheyAre) {
    EXPECT_EQ(parsed("A='a $b \\n \"c\" #d'  # remark\nB=''"), "A=<a $b \\n \"c\" #d>;B=<>;");
}

TEST(ParseEnvFile, KnowsTheEscapesOfDoubleQuotes) {
    EXPECT_EQ(parsed(R"(A="\n\r\t\"\\\$\`x' #")"), "A=<\n\r\t\"\\$`x' #>;");
}

TEST(ParseEnvFile, ReadsQuotedValuesOfSeveralLines) {
    EXPECT_EQ(parsed("A='one\r\ntwo\n'\nB=\"three\nfour\"\nC=5"), "A=<one\ntwo\n>;B=<three\nfour>;C=<5>;");
}

TEST(ParseEnvFile, TellsOfEveryProblemWithTheLineWhereItBegins) {
    const auto all = parsed("A=1\nnothing\n2B=x\nC='a\nb' c\nD=1\nD=2\nE = 1\n");

    EXPECT_THAT(all, AllOf(HasSubstr("2: it is not of the form"), HasSubstr("3: what stands before the ="),
                           HasSubstr("4: something follows the closing quote"),
                           HasSubstr("7: D is given twice; the first is on line 6"),
                           HasSubstr("8: it is not of the form")));
}

TEST(ParseEnvFile, RefusesWhatProgramsReadDifferently) {
    EXPECT_THAT(parsed("A=two words"), HasSubstr("must stand in quotes"));
    for (const auto* text : {"A=a$b", "A=`date`", "A=a\\n", "A=it's", "A=a\"b\""})
        EXPECT_THAT(parsed(text), HasSubstr("single quotes")) << text;
    EXPECT_THAT(parsed("A=\"a$b\""), HasSubstr("\\$"));
    EXPECT_THAT(parsed("A=\"`x`\""), HasSubstr("\\`"));
    EXPECT_THAT(parsed("A=\"\\x\""), HasSubstr("must be one of"));
    EXPECT_THAT(parsed("A='x'#remark"), HasSubstr("follows"));
}

TEST(ParseEnvFile, RefusesAQuoteThatIsNeverClosed) {
    EXPECT_THAT(parsed("A=1\nB='x\nC=2\n"), HasSubstr("2: its value begins with a quote"));
    EXPECT_THAT(parsed("A=\"x\\"), HasSubstr("1: "));
    EXPECT_THAT(parsed("A=\"x\\\""), HasSubstr("never closed"));
}

TEST(ParseEnvFile, RefusesWhatIsNoText) {
    EXPECT_THAT(parsed(std::string_view("A=\0", 3)), HasSubstr("UTF-8"));
    EXPECT_THAT(parsed("A=\xff"), HasSubstr("UTF-8"));
}

TEST(ParseEnvFile, RepeatsNothingOfTheFileInItsProblems) {
    // A key pasted without its quotes.
    const auto all = parsed("A=-----BEGIN sentinel KEY-----\nsentinel\nsentinel=sentinel x\nsenti+nel==\n");
    EXPECT_THAT(all, Not(HasSubstr("senti")));
    EXPECT_THAT(all, HasSubstr("4: "));
}

TEST(EnvFile, GivesItsNamesInTheFlatForm) {
    const File file("A=1\nB='2 3'\n", 0400);

    const auto bundle = read(file.path);

    ASSERT_TRUE(bundle) << bundle.error().what;
    EXPECT_EQ(bundle->find("backend", "B")->text.reveal(), "2 3");
    EXPECT_EQ(bundle->flat.size(), 2u);
}

TEST(EnvFile, RefusesAFileThatOthersMayReadOrChange) {
    for (const unsigned mode : {0640u, 0604u, 0620u, 0602u, 0666u, 0601u}) {
        const File file("A=sentinel\n", mode);
        const auto bundle = read(file.path);
        ASSERT_FALSE(bundle);
        EXPECT_EQ(bundle.error().reason, Reason::Exposed);
        EXPECT_THAT(bundle.error().what,
                    AllOf(HasSubstr("chmod 600 "), HasSubstr(fmt::format("{:o}", mode))));
    }
}

TEST(EnvFile, GivesProblemsWithFileAndLine) {
    const File file("A=1\nsentinel\nB=$\n");

    const auto bundle = read(file.path);

    ASSERT_FALSE(bundle);
    EXPECT_EQ(bundle.error().reason, Reason::Invalid);
    EXPECT_THAT(bundle.error().what, AllOf(HasSubstr(file.path + ":2: "),
                                           HasSubstr("\n" + file.path + ":3: "), Not(HasSubstr("sentinel"))));
}

TEST(EnvFile, RefusesOneThatSopsHasEncrypted) {
    const File file("A=ENC[AES256_GCM,data:x,type:str]\nsops_mac=ENC[x]\n");
    EXPECT_THAT(read(file.path).error().what, HasSubstr("keep the secrets in YAML"));
}

TEST(EnvFile, TellsOfAFileThatIsNotThere) {
    EXPECT_EQ(read("/nowhere/.env").error().reason, Reason::NoFile);
}

TEST(EnvFile, TellsItsNamesAndThatNothingHidesTheirValues) {
    const File file("A=1\nB=\n");

    const auto names = EnvFile(file.path).names();

    ASSERT_TRUE(names) << names.error().what;
    ASSERT_EQ(names->names.size(), 2u);
    EXPECT_EQ(names->names[0].kind, LockedName::InClear);
    EXPECT_EQ(names->names[1].kind, LockedName::Empty);
    EXPECT_TRUE(names->recipients.empty());
}

}  // namespace seance::secrets
