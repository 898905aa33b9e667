#include "services/signaling/sync/awareness.hpp"

#include <gtest/gtest.h>

namespace seance::signaling::sync {
namespace {

using namespace std::chrono_literals;

constexpr Instant kNow{1h};

std::string awareness(std::uint64_t client, std::uint64_t clock, std::string_view state) {
    return print_awareness({{client, clock, state}});
}

struct AwarenessTest : testing::Test {
    Awareness::Outcome show(Awareness::Owner owner, std::uint64_t client, std::uint64_t clock,
                            std::string_view state, Instant now = kNow) {
        return states.show(owner, {{client, clock, state}}, now);
    }
    Awareness states;
};

}  // namespace

TEST(ParseAwareness, ReadsWhatIsPrinted) {
    auto text = print_awareness({{7, 1, R"({"name":"Ann"})"}, {300, 2, "null"}});
    auto shown = parse_awareness(text);

    ASSERT_TRUE(shown);
    ASSERT_EQ(shown->size(), 2u);
    EXPECT_EQ((*shown)[0].state, R"({"name":"Ann"})");
    EXPECT_TRUE((*shown)[1].left());
}

TEST(ParseAwareness, RefusesStatesThatAreNoJson) {
    for (auto bad : {"", "{", "nul", "1 2", "'x'"})
        EXPECT_FALSE(parse_awareness(awareness(1, 1, bad))) << bad;
    EXPECT_TRUE(parse_awareness(awareness(1, 1, R"("\ud800")"))) << "which JSON.stringify writes";
    EXPECT_FALSE(parse_awareness(awareness(1, 1, "{}") + "x"));
    EXPECT_FALSE(parse_awareness(std::string_view("\xff\xff\xff\x7f", 4)));
}

TEST_F(AwarenessTest, PassesOnOnlyWhatIsNewer) {
    EXPECT_EQ(show(1, 7, 3, "{}").news, awareness(7, 3, "{}"));
    EXPECT_EQ(show(1, 7, 3, R"({"x":1})").news, "");
    EXPECT_EQ(show(1, 7, 2, R"({"x":1})").news, "");
    EXPECT_EQ(show(1, 7, 4, "{}").news, awareness(7, 4, "{}")) << "the sign of life of an unchanged state";
    EXPECT_EQ(states.all(), awareness(7, 4, "{}"));
}

TEST_F(AwarenessTest, LetsAClientLeaveAtItsOwnClock) {
    show(1, 7, 3, "{}");

    EXPECT_EQ(show(1, 7, 3, "null").news, awareness(7, 3, "null"));
    EXPECT_EQ(show(1, 7, 3, "null").news, "");
    EXPECT_EQ(states.all(), "");
}

TEST_F(AwarenessTest, TakesBackWhatAConnectionShowedWhenItEnds) {
    show(1, 7, 3, "{}");
    show(1, 8, 1, "{}");
    show(2, 9, 1, "{}");
    show(2, 8, 2, "{}");  // now the other's

    EXPECT_EQ(states.leave(1), awareness(7, 3, "null"));
    EXPECT_EQ(states.leave(1), "");
    EXPECT_EQ(states.all(), print_awareness({{8, 2, "{}"}, {9, 1, "{}"}}));
}

TEST_F(AwarenessTest, TellsAClientThatIsBackThatItIsTakenForGone) {
    show(1, 7, 3, "{}");
    states.leave(1);

    auto back = show(2, 7, 3, "{}");

    EXPECT_EQ(back.news, "");
    EXPECT_EQ(back.stale, awareness(7, 3, "null")) << "to which it answers with a higher clock";
    EXPECT_EQ(show(2, 7, 4, "{}").news, awareness(7, 4, "{}"));
}

TEST_F(AwarenessTest, KnowsByHowMuchItWouldGrow) {
    const std::vector<Shown> two{{1, 1, "{}"}, {2, 1, "\"long\""}};
    auto before = states.bytes();
    auto growth = states.growth(two);

    states.show(1, two, kNow);

    EXPECT_EQ(states.bytes(), before + growth);
    EXPECT_EQ(states.growth(two), 0u);
    EXPECT_EQ(states.growth({{1, 2, "{\"a\":1}"}}), 5u);
}

TEST_F(AwarenessTest, ForgetsWhoIsSilent) {
    show(1, 7, 1, "{}");
    show(1, 8, 1, "{}", kNow + 20s);

    states.forget_silent(kNow + 30s);

    EXPECT_EQ(states.all(), awareness(8, 1, "{}"));
    EXPECT_EQ(show(1, 7, 1, "{}").news, awareness(7, 1, "{}")) << "as if new";
}

TEST_F(AwarenessTest, KnowsWhoIsElsewhere) {
    show(Awareness::kElsewhere, 7, 1, "{}");
    show(1, 8, 1, "{}");

    EXPECT_EQ(states.all_of_connections(), awareness(8, 1, "{}"));
}

}  // namespace seance::signaling::sync
