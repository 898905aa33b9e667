#include "services/signaling/sync/keeper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "tests/support/unhex.hpp"

namespace seance::signaling::sync {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::unhex;
using Type = Frame::Type;

const auto kA = unhex("0101010004010174016100");     // "a" by client 1
const auto kB = unhex("01010101840100016200");       // "b" behind it
const auto kAb = unhex("010101000401017402616200");  // both
const auto kC = unhex("01010102840101016300");       // "c" behind them

// A log that fails when it is told to, and says what was asked of it.
struct ScriptedLog final : DocumentLog {
    struct Script {
        Updates kept;
        bool away = false, lost = false;
        int reads = 0, compactions = 0, closes = 0;
        bool others_wrote = false;
        bool outdated = false;            // until it is read
        bool outdated_by_append = false;  // by the next one
    };
    explicit ScriptedLog(Script& s) : script(s) {}

    Awaitable<Outcome<Updates>> read() override {
        if (script.away) co_return Problem{"away"};
        ++script.reads;
        script.outdated = false;
        lost_ = std::exchange(script.lost, false);
        entries_ = script.kept.size();
        co_return script.kept;
    }
    Awaitable<Outcome<void>> append(const Updates& updates) override {
        if (script.away) co_return Problem{"away"};
        script.outdated |= std::exchange(script.outdated_by_append, false);
        script.kept.insert(script.kept.end(), updates.begin(), updates.end());
        entries_ += updates.size();
        bytes_ += updates.size() * 10'000;
        co_return boost::system::in_place_value;
    }
    Awaitable<Outcome<bool>> compact(const Updates& whole) override {
        if (std::exchange(script.others_wrote, false)) co_return false;
        ++script.compactions;
        script.kept = whole;
        entries_ = whole.size();
        bytes_ = 100;
        co_return true;
    }
    bool outdated() const override { return script.outdated; }
    void renew() override {}
    Awaitable<void> close() override {
        ++script.closes;
        co_return;
    }
    Script& script;
};

struct Visitor : Member {
    void send(const websocket::SharedFrame& frame) override {
        websocket::Decoder decoder(websocket::Role::Client, frame->size());
        std::string copy = frame->text();
        heard.emplace_back(decoder.take(copy).payload);
    }
    std::vector<std::string> heard;
};

struct KeeperTest : testing::Test {
    void starts() {
        keeper = std::make_unique<Keeper>(
            loop, "room", Room::Limits{}, std::make_unique<ScriptedLog>(script),
            [this](std::string_view message) { spread.emplace_back(message); }, counters);
        asio::co_spawn(loop.executor(), keeper->run(), [this](std::exception_ptr) { ended = true; });
        keeper->room().join(ann);
        turn();
        ann.heard.clear();
    }
    void says(Type type, std::string_view body) {
        keeper->room().take(ann, print_frame(type, body), Clock::now());
    }
    void turn() {
        loop.context().restart();
        loop.context().poll();
    }
    // Until the next try after a failure.
    void retry(const std::function<bool()>& done) {
        loop.context().restart();
        while (!done()) loop.context().run_one();
        turn();
    }

    KeeperCounters counters;
    ScriptedLog::Script script;
    std::vector<std::string> spread;
    bool ended = false;
    Visitor ann;
    Loop loop;
    std::unique_ptr<Keeper> keeper;
};

}  // namespace

TEST_F(KeeperTest, WritesWhatIsNewThenAnswersAndSpreadsIt) {
    starts();
    says(Type::Update, kA);
    says(Type::Step1, std::string(1, '\0'));
    EXPECT_THAT(ann.heard, IsEmpty());
    turn();

    EXPECT_THAT(script.kept, ElementsAre(kA));
    EXPECT_THAT(ann.heard, ElementsAre(print_frame(Type::Step2, kA)));
    EXPECT_THAT(spread, ElementsAre(print_frame(Type::Update, kA)));
}

TEST_F(KeeperTest, SaysThatNothingIsKeptBeforeALogThatMayHaveLostItIsWrittenAnew) {
    starts();
    says(Type::Update, kA);
    turn();
    script.kept.clear();  // the server has come back empty, before an update or while it is written
    script.outdated = script.lost = true;
    says(Type::Update, kB);
    says(Type::Step1, std::string(1, '\0'));
    turn();
    EXPECT_THAT(script.kept, ElementsAre(kAb));
    EXPECT_THAT(ann.heard, ElementsAre(print_frame(Type::Step2, kAb)));

    script.kept.clear();
    script.outdated_by_append = script.lost = true;
    says(Type::Update, kC);
    says(Type::Step1, print_state_vector({{1, 2}}));
    turn();
    EXPECT_EQ(script.kept.size(), 2u) << "what it was written to, and everything";
    EXPECT_EQ(script.kept.back(), keeper->room().document().all()[0]);
    EXPECT_EQ(ann.heard.size(), 2u);
}

TEST_F(KeeperTest, WritesAnewWhatItKnowsFromOthersAloneOnceTheLogIsEmpty) {
    starts();
    keeper->room().take_from_elsewhere(print_frame(Type::Update, kA), Clock::now());
    turn();
    EXPECT_THAT(script.kept, IsEmpty());

    keeper->read_again();
    turn();

    EXPECT_THAT(script.kept, ElementsAre(kA));
}

TEST_F(KeeperTest, GoesOnInMemoryWhileItsLogIsAwayAndWritesLater) {
    script.kept = {kA};
    script.away = true;
    starts();
    says(Type::Update, kB);
    says(Type::Step1, std::string(1, '\0'));
    EXPECT_EQ(ann.heard.size(), 1u) << "nobody waits";

    script.away = false;
    retry([&] { return script.kept.size() == 2; });

    EXPECT_THAT(script.kept, ElementsAre(kA, kB));
    EXPECT_EQ(keeper->room().document().state(), print_state_vector({{1, 2}}));
    EXPECT_EQ(ann.heard.back(), print_frame(Type::Update, kA)) << "what it did not know";
}

TEST_F(KeeperTest, LosesNothingWhenWritingFailsInBetween) {
    starts();
    script.away = true;
    says(Type::Update, kA);
    turn();
    says(Type::Update, kB);
    turn();
    EXPECT_THAT(spread, IsEmpty()) << "not before it is written";

    script.away = false;
    retry([&] { return !script.kept.empty(); });

    EXPECT_THAT(script.kept, ElementsAre(kA, kB));
}

TEST_F(KeeperTest, CompactsALogThatHasGrown) {
    starts();
    for (std::uint64_t clock = 0; clock < 20; ++clock) {
        std::string update("\x01\x01\x01", 3);
        append_number(update, clock);
        update += clock == 0 ? unhex("04010174") : unhex("8401");
        if (clock > 0) append_number(update, clock - 1);
        says(Type::Update, update + unhex("017800"));
        turn();
    }

    EXPECT_EQ(script.compactions, 1);
    EXPECT_LT(script.kept.size(), 5u);
}

TEST_F(KeeperTest, ReadsWhatOthersWroteBeforeItCompacts) {
    starts();
    for (int i = 0; i < 20; ++i) {
        script.others_wrote = i == 16;
        says(Type::Update, "opaque " + std::to_string(i));
        turn();
    }

    EXPECT_EQ(script.reads, 2);
    EXPECT_EQ(script.compactions, 1);
}

TEST_F(KeeperTest, WritesEverythingIntoALogThatHasLostIt) {
    starts();
    says(Type::Update, kA);
    turn();
    script.kept.clear();
    script.lost = true;

    keeper->read_again();
    turn();

    EXPECT_THAT(script.kept, ElementsAre(kA));
}

TEST_F(KeeperTest, ClosesOnceNobodyIsThereAndAllIsWritten) {
    starts();
    says(Type::Update, kA);
    keeper->room().leave(ann);
    keeper->close();
    turn();

    EXPECT_TRUE(ended);
    EXPECT_EQ(script.closes, 1);
    EXPECT_THAT(script.kept, ElementsAre(kA));
}

TEST_F(KeeperTest, StaysOpenForWhoComesWhileItCloses) {
    starts();
    keeper->room().leave(ann);
    keeper->close();
    keeper->room().join(ann);
    turn();
    EXPECT_FALSE(ended);

    says(Type::Update, kA);
    turn();
    EXPECT_THAT(script.kept, ElementsAre(kA));
}

TEST_F(KeeperTest, GivesUpAtTheEndWhatCannotBeWritten) {
    starts();
    script.away = true;
    says(Type::Update, kA);
    turn();
    keeper->room().leave(ann);

    keeper->close_soon();
    turn();

    EXPECT_TRUE(ended);
}

}  // namespace seance::signaling::sync
