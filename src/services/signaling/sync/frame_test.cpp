#include "services/signaling/sync/frame.hpp"

#include <gtest/gtest.h>

namespace seance::signaling::sync {

using namespace std::literals;
using Type = Frame::Type;

TEST(ParseFrame, ReadsWhatPrintFrameWrites) {
    for (auto type : {Type::Step1, Type::Step2, Type::Update, Type::Awareness}) {
        auto printed = print_frame(type, "body");
        auto frame = parse_frame(printed);

        ASSERT_TRUE(frame);
        EXPECT_EQ(frame->type, type);
        EXPECT_EQ(frame->body, "body");
    }
    EXPECT_EQ(parse_frame(print_frame(Type::QueryAwareness, ""))->type, Type::QueryAwareness);
    EXPECT_EQ(print_frame(Type::Step2, "ab"), "\0\1\2ab"sv);
}

TEST(ParseFrame, LeavesTypesItDoesNotKnowAlone) {
    EXPECT_EQ(parse_frame("\x02\0\x04nope"sv)->type, Type::Other) << "auth";
    EXPECT_EQ(parse_frame("\x2a anything"sv)->type, Type::Other);
}

TEST(ParseFrame, RefusesWhatIsCutOffOrHasMoreBehindIt) {
    for (auto bad :
         {""sv, "\0"sv, "\0\1"sv, "\0\1\2a"sv, "\0\1\2abc"sv, "\0\3\0"sv, "\1\5a"sv, "\3x"sv, "\x80"sv})
        EXPECT_FALSE(parse_frame(bad)) << testing::PrintToString(bad);
}

TEST(PrintDenial, IsAnAuthMessageWithAReason) {
    EXPECT_EQ(print_denial("no"), "\2\0\2no"sv);
}

}  // namespace seance::signaling::sync
