#include "services/signaling/sync/room.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/unhex.hpp"

namespace seance::signaling::sync {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::unhex;
using Type = Frame::Type;
using Messages = std::vector<std::string>;

constexpr Instant kNow{std::chrono::hours(1)};
const auto kA = unhex("0101010004010174016100");     // "a" by client 1
const auto kB = unhex("01010101840100016200");       // "b" behind it
const auto kAb = unhex("010101000401017402616200");  // both
const std::string kNobody(1, '\0');                  // an empty state vector

struct Visitor : Member {
    void send(const websocket::SharedFrame& frame) override {
        websocket::Decoder decoder(websocket::Role::Client, frame->size());
        std::string copy = frame->text();
        heard.emplace_back(decoder.take(copy).payload);
    }
    bool may_write() const override { return writes; }
    bool takes_answer() override { return takes_answers; }
    void answered(std::size_t bytes) override { answers += bytes; }
    Messages takes() { return std::exchange(heard, {}); }
    Messages heard;
    bool writes = true, takes_answers = true;
    std::size_t answers = 0;  // bytes
};

struct SyncRoomTest : testing::Test {
    explicit SyncRoomTest(Room::Keeps keeps = Room::Keeps::No)
        : room({100'000, 1000}, keeps,
               {[this] { ++unwritten; }, [this](std::string_view frame) { spread.emplace_back(frame); },
                [this] { ++denied; }}) {}

    void joins(Visitor& visitor) {
        room.join(visitor);
        visitor.takes();
    }
    std::optional<Room::Refusal> says(Visitor& from, Type type, std::string_view body) {
        return room.take(from, print_frame(type, body), kNow);
    }

    int unwritten = 0, denied = 0;
    Messages spread;
    Room room;
    Visitor ann, bob;
};

struct KeptRoomTest : SyncRoomTest {
    KeptRoomTest() : SyncRoomTest(Room::Keeps::Yes) {}
};

std::string awareness(std::uint64_t client, std::uint64_t clock, std::string_view state) {
    return print_frame(Type::Awareness, print_awareness({{client, clock, state}}));
}

}  // namespace

TEST_F(SyncRoomTest, GreetsWithItsStateAndWhoIsThere) {
    room.join(ann);
    EXPECT_THAT(ann.takes(), ElementsAre(print_frame(Type::Step1, kNobody)));
    says(ann, Type::Update, kA);
    room.take(ann, awareness(7, 1, "{}"), kNow);

    room.join(bob);

    EXPECT_THAT(bob.takes(),
                ElementsAre(print_frame(Type::Step1, print_state_vector({{1, 1}})), awareness(7, 1, "{}")));
}

TEST_F(SyncRoomTest, AnswersLaterAndOnceWhoTakesNoAnswerNow) {
    joins(ann);
    joins(bob);
    says(ann, Type::Update, kA);
    room.take(ann, awareness(7, 1, "{}"), kNow);
    bob.takes();
    auto size = room.size();
    bob.takes_answers = false;

    for (int i = 0; i < 100; ++i) says(bob, Type::Step1, print_state_vector({{9, 9}}));
    says(bob, Type::Step1, kNobody);
    for (int i = 0; i < 100; ++i) says(bob, Type::QueryAwareness, "");
    room.answer_held();
    EXPECT_THAT(bob.takes(), IsEmpty());
    EXPECT_LT(room.size() - size, 200u) << "what is kept of two hundred questions";
    says(ann, Type::Update, kB);
    EXPECT_THAT(bob.takes(), ElementsAre(print_frame(Type::Update, kB))) << "what is new waits for nothing";

    bob.takes_answers = true;
    room.answer_held();
    EXPECT_THAT(bob.takes(), ElementsAre(awareness(7, 1, "{}"), print_frame(Type::Step2, kAb)));
    EXPECT_GT(bob.answers, kAb.size());
    room.answer_held();
    EXPECT_THAT(bob.takes(), IsEmpty());
    says(bob, Type::Step1, kNobody);
    EXPECT_THAT(bob.takes(), ElementsAre(print_frame(Type::Step2, kAb)));
}

TEST_F(SyncRoomTest, ForgetsTheQuestionsOfWhoLeaves) {
    joins(ann);
    auto size = room.size();
    ann.takes_answers = false;
    says(ann, Type::Step1, kNobody);
    says(ann, Type::QueryAwareness, "");
    EXPECT_GT(room.size(), size);

    room.leave(ann);
    ann.takes_answers = true;
    room.answer_held();

    EXPECT_THAT(ann.takes(), IsEmpty());
    EXPECT_EQ(room.size(), size);
}

TEST_F(SyncRoomTest, AnswersStep1WithWhatIsMissing) {
    joins(ann);
    says(ann, Type::Update, kA);
    says(ann, Type::Step2, kB);

    says(ann, Type::Step1, kNobody);
    says(ann, Type::Step1, print_state_vector({{1, 1}}));

    EXPECT_THAT(ann.takes(), ElementsAre(print_frame(Type::Step2, kAb), print_frame(Type::Step2, kB)));
}

TEST_F(SyncRoomTest, PassesNewsOnToTheOthersOnce) {
    joins(ann);
    joins(bob);

    says(ann, Type::Update, kA);
    says(ann, Type::Update, kA);
    says(bob, Type::Step2, kA);
    says(bob, Type::Step2, kEmptyUpdate);

    EXPECT_THAT(bob.takes(), ElementsAre(print_frame(Type::Update, kA)));
    EXPECT_THAT(ann.takes(), IsEmpty());
}

TEST_F(SyncRoomTest, SendsAwarenessToEverybodyAndTakesItBackWithItsConnection) {
    joins(ann);
    joins(bob);

    room.take(ann, awareness(7, 1, "{}"), kNow);
    EXPECT_THAT(ann.takes(), ElementsAre(awareness(7, 1, "{}"))) << "the sign that its connection lives";
    EXPECT_THAT(bob.takes(), ElementsAre(awareness(7, 1, "{}")));

    room.leave(ann);
    EXPECT_THAT(bob.takes(), ElementsAre(awareness(7, 1, "null")));
    EXPECT_THAT(spread, ElementsAre(awareness(7, 1, "{}"), awareness(7, 1, "null")));
}

TEST_F(SyncRoomTest, AnswersAQueryForAwareness) {
    joins(ann);
    says(ann, Type::QueryAwareness, "");
    room.take(ann, awareness(7, 1, "{}"), kNow);
    says(ann, Type::QueryAwareness, "");

    EXPECT_THAT(ann.takes(), ElementsAre(print_frame(Type::Awareness, print_awareness({})),
                                         awareness(7, 1, "{}"), awareness(7, 1, "{}")));
}

TEST_F(SyncRoomTest, KeepsAndPassesOnWhatItCannotRead) {
    joins(ann);
    joins(bob);

    says(ann, Type::Update, "sealed 1");
    says(ann, Type::Update, "sealed 2");
    EXPECT_THAT(bob.takes(),
                ElementsAre(print_frame(Type::Update, "sealed 1"), print_frame(Type::Update, "sealed 2")));

    says(bob, Type::Step1, "no state vector");
    EXPECT_THAT(bob.takes(),
                ElementsAre(print_frame(Type::Update, "sealed 1"), print_frame(Type::Step2, "sealed 2")));
}

TEST_F(SyncRoomTest, RefusesMessagesThatAreNone) {
    joins(ann);
    std::string many = print_awareness({{1, 1, "\"" + std::string(1000, 'x') + "\""}});

    EXPECT_EQ(room.take(ann, "", kNow)->code, 1007);
    EXPECT_EQ(says(ann, Type::Update, "")->code, 1007);
    EXPECT_EQ(says(ann, Type::Awareness, "\x01")->code, 1007);
    EXPECT_EQ(says(ann, Type::Awareness, many)->code, 1008);
    std::vector<Shown> crowd;
    for (std::uint64_t client = 1; client <= 20; ++client) crowd.push_back({client, 1, "1"});
    EXPECT_EQ(says(ann, Type::Awareness, print_awareness(crowd))->code, 1008) << "few bytes, but much memory";
    EXPECT_EQ(says(ann, Type::Update, std::string(100'000, 'x'))->code, 1009);
    EXPECT_EQ(says(ann, Type::Step1, std::string((1 << 20) + 1, 'x'))->code, 1009);
    EXPECT_FALSE(room.take(ann, "\x09 of a later protocol", kNow));
    EXPECT_TRUE(room.document().empty());
}

TEST_F(SyncRoomTest, DeniesWritingToWhoMayOnlyRead) {
    joins(ann);
    joins(bob);
    bob.writes = false;

    says(bob, Type::Step2, kEmptyUpdate);
    EXPECT_THAT(bob.takes(), IsEmpty());
    says(bob, Type::Update, kA);

    EXPECT_THAT(bob.takes(), ElementsAre(print_denial("this token only reads")));
    EXPECT_EQ(denied, 1);
    EXPECT_THAT(ann.takes(), IsEmpty());
    EXPECT_TRUE(room.document().empty());
}

TEST_F(SyncRoomTest, TakesWhatOtherReplicasSpreadAndSpreadsItNoFurther) {
    joins(ann);

    room.take_from_elsewhere(print_frame(Type::Update, kA), kNow);
    room.take_from_elsewhere(print_frame(Type::Update, kA), kNow);
    room.take_from_elsewhere(awareness(9, 1, "{}"), kNow);
    room.take_from_elsewhere("garbage", kNow);

    EXPECT_THAT(ann.takes(), ElementsAre(print_frame(Type::Update, kA), awareness(9, 1, "{}")));
    EXPECT_THAT(spread, IsEmpty());
}

TEST_F(SyncRoomTest, TellsOtherReplicasWhoIsHereWhenTheyAsk) {
    joins(ann);
    room.take(ann, awareness(7, 1, "{}"), kNow);
    room.take_from_elsewhere(awareness(9, 1, "{}"), kNow);
    spread.clear();

    room.take_from_elsewhere(print_frame(Type::QueryAwareness, ""), kNow);

    EXPECT_THAT(spread, ElementsAre(awareness(7, 1, "{}")));
    spread.clear();
    room.greet_elsewhere();
    EXPECT_THAT(spread, ElementsAre(print_frame(Type::QueryAwareness, ""), awareness(7, 1, "{}")));
}

TEST_F(KeptRoomTest, GreetsAndAnswersOnceItRemembers) {
    room.join(ann);
    says(ann, Type::Step1, kNobody);
    says(ann, Type::Update, kB);
    room.take_unwritten();
    room.settle();
    EXPECT_THAT(ann.takes(), IsEmpty());

    room.remember({kA});

    EXPECT_THAT(ann.takes(), ElementsAre(print_frame(Type::Step1, print_state_vector({{1, 2}})),
                                         print_frame(Type::Step2, kAb)));
}

TEST_F(KeptRoomTest, AnswersStep1OnlyWhenWhatCameBeforeIsSettled) {
    room.remember({});
    joins(ann);
    says(ann, Type::Update, kA);
    EXPECT_EQ(unwritten, 1);
    EXPECT_THAT(room.take_unwritten(), ElementsAre(kA));

    says(ann, Type::Step1, kNobody);
    says(ann, Type::Update, kB);
    EXPECT_THAT(ann.takes(), IsEmpty());
    room.settle_taken();

    EXPECT_THAT(ann.takes(), ElementsAre(print_frame(Type::Step2, kAb)));
}

TEST_F(KeptRoomTest, CountsTheMemoryOfWhatWaitsForAnAnswer) {
    joins(ann);
    joins(bob);
    auto before = room.size();
    says(ann, Type::Step1, std::string(5000, 'x'));
    says(ann, Type::Step1, std::string(4000, 'x'));
    says(bob, Type::Step1, std::string(2000, 'x'));
    EXPECT_GE(room.size(), before + 6000);
    EXPECT_LT(room.size(), before + 7000) << "of each the latest";

    room.leave(bob);
    EXPECT_LT(room.size(), before + 5000);
    room.remember({});
    room.settle();
    EXPECT_EQ(room.size(), before);
}

TEST_F(KeptRoomTest, SpreadsUpdatesOnceTheyAreWritten) {
    room.remember({});
    joins(ann);
    says(ann, Type::Update, kA);
    auto written = room.take_unwritten();
    EXPECT_THAT(spread, IsEmpty());

    room.spread_written(written);

    EXPECT_THAT(spread, ElementsAre(print_frame(Type::Update, kA)));
}

TEST_F(KeptRoomTest, TellsThoseWhoAreHereWhatItRemembersLate) {
    room.remember({});
    joins(ann);
    says(ann, Type::Update, kB);

    room.remember({kA, kB});

    EXPECT_THAT(ann.takes(), ElementsAre(print_frame(Type::Update, kA)));
}

TEST_F(KeptRoomTest, WritesAgainInOrderWhatCouldNotBeWritten) {
    room.remember({});
    joins(ann);
    says(ann, Type::Update, kA);
    auto first = room.take_unwritten();
    says(ann, Type::Update, kB);

    room.put_back(std::move(first));
    room.settle();

    EXPECT_THAT(room.take_unwritten(), ElementsAre(kA, kB));
    EXPECT_FALSE(room.has_unwritten());
}

TEST_F(KeptRoomTest, WritesTheDocumentInPlaceOfManyUpdates) {
    room.remember({});
    joins(ann);
    for (std::uint64_t clock = 0; clock < 20'000; ++clock) {
        std::string update("\x01\x01\x01", 3);
        append_number(update, clock);
        update += clock == 0 ? unhex("04010174") : unhex("8401");
        if (clock > 0) append_number(update, clock - 1);
        says(ann, Type::Update, update + unhex("016100"));
        ASSERT_LT(room.size(), 600'000u);
    }

    EXPECT_LT(room.take_unwritten().size(), 10'000u);
    EXPECT_EQ(room.document().structs(), 1u);
}

}  // namespace seance::signaling::sync
