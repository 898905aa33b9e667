#include "services/litellm/domain/chunk_pattern.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {
namespace {

using Variable = ChunkPattern::Variable;

Variable member(std::string_view object, std::string_view key) {
    for (const auto& one : json_members({object, JsonKind::Object}))
        if (one.key == key) return Variable(one);
    throw std::invalid_argument("no such member");
}

// A pattern that learned that `data` became `json`.
ChunkPattern learned(std::string_view data, std::string_view json, std::string_view first,
                     std::string_view second = "") {
    ChunkPattern pattern;
    pattern.learn(data, json, member(data, first),
                  second.empty() ? std::nullopt : std::optional(member(data, second)));
    return pattern;
}

std::string made(const ChunkPattern& pattern, std::string_view data) {
    const auto match = pattern.match(data);
    return match ? match->json : "none";
}

TEST(ChunkPattern, MakesOfAnotherTextWhatItLearned) {
    const auto pattern = learned(R"({"m":1,"t":"a"})", R"({"m":2,"t":"a"})", "t");

    EXPECT_EQ(made(pattern, R"({"m":1,"t":"other \"one\""})"), R"({"m":2,"t":"other \"one\""})");
    EXPECT_EQ(pattern.match(R"({"m":1,"t":"x"})")->value, "\"x\"");
}

TEST(ChunkPattern, KnowsTwoTextsInEitherOrder) {
    const auto pattern = learned(R"({"t":"a","o":"b"})", R"({"t":"a","o":"b","n":1})", "t", "o");
    EXPECT_EQ(made(pattern, R"({"t":"1","o":"22"})"), R"({"t":"1","o":"22","n":1})");
    EXPECT_EQ(pattern.match(R"({"t":"1","o":"22"})")->value, "\"1\"");

    const auto other = learned(R"({"o":"b","t":"a"})", R"({"o":"b","t":"a","n":1})", "t", "o");
    EXPECT_EQ(made(other, R"({"o":"22","t":"1"})"), R"({"o":"22","t":"1","n":1})");
    EXPECT_EQ(other.match(R"({"o":"22","t":"1"})")->value, "\"1\"");
}

TEST(ChunkPattern, KnowsNothingOfWhatDiffersElsewhere) {
    const auto pattern = learned(R"({"m":1,"t":"a"})", R"({"m":2,"t":"a"})", "t");

    EXPECT_EQ(made(pattern, R"({"m":3,"t":"a"})"), "none");
    EXPECT_EQ(made(pattern, R"({"m":1,"t":"a" })"), "none");
    EXPECT_EQ(made(pattern, R"({"m":1,"t":7})"), "none");
    EXPECT_EQ(made(pattern, ""), "none");
    EXPECT_EQ(made(ChunkPattern(), R"({"m":1,"t":"a"})"), "none");
}

TEST(ChunkPattern, LeavesWhatIsNoJsonToTheReader) {
    const auto pattern = learned(R"({"t":"a"})", R"({"t":"a"})", "t");

    EXPECT_EQ(made(pattern, "{\"t\":\"\xC3\"}"), "none");
    EXPECT_EQ(made(pattern, "{\"t\":\"\n\"}"), "none");
    EXPECT_EQ(made(pattern, R"({"t":"\x"})"), "none");
    EXPECT_EQ(made(pattern, R"({"t":"a)"), "none");
}

TEST(ChunkPattern, LearnsNothingWhereAMemberStandsTwiceOrChanged) {
    EXPECT_EQ(made(learned(R"({"t":"a","in":{"t":"a"}})", R"({"t":"a","in":{"t":"a"}})", "t"),
                   R"({"t":"b","in":{"t":"a"}})"),
              "none");
    EXPECT_EQ(made(learned(R"({"t":"a"})", R"({"t":"A"})", "t"), R"({"t":"b"})"), "none");
}

TEST(ChunkPattern, ForgetsWhatItLearned) {
    auto pattern = learned(R"({"t":"a"})", R"({"t":"a"})", "t");
    pattern.forget();

    EXPECT_EQ(made(pattern, R"({"t":"a"})"), "none");
}

}  // namespace
}  // namespace seance::litellm
