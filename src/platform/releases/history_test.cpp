#include "platform/releases/history.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace seance::releases {
namespace {

// Deployments at ten o'clock and some minutes.
struct Past {
    std::vector<PastDeployment> all;
    int next = 0;

    PastDeployment& add(int minute, std::string service, std::string release, Ending ending = Ending::Good) {
        PastDeployment one;
        one.id = fmt::format("d{}", ++next);
        one.service = std::move(service);
        one.ending = ending;
        one.began = fmt::format("2026-08-21T{:02}:{:02}:00.000Z", 10 + minute / 60, minute % 60);
        one.ended = fmt::format("2026-08-21T{:02}:{:02}:30.000Z", 10 + minute / 60, minute % 60);
        one.release = one.commit = release;
        one.content = release.empty() ? "" : "content-" + release;
        one.image = fmt::format("docker.io/x/{}:{}@sha256:{}", one.service, release, release);
        one.creator = "ada@example.com";
        all.push_back(std::move(one));
        return all.back();
    }

    // Of a numbered release, ten minutes after each other.
    PastDeployment& release(int number, std::string service, std::string commit, int back_to = 0,
                            Ending ending = Ending::Good) {
        auto& one = add(number * 10, std::move(service), std::move(commit), ending);
        one.number = number;
        one.back_to = back_to;
        return one;
    }
};

constexpr auto kA = "aaaaaaa", kB = "bbbbbbb", kC = "ccccccc";

TEST(History, TakesDeploymentsOfOneCommitForOneRelease) {
    Past past;
    past.add(0, "backend", kA);
    past.add(1, "landing", kA);

    const auto history = make_history(past.all);

    ASSERT_EQ(history.size(), 1U);
    EXPECT_EQ(history[0].commit, kA);
    EXPECT_EQ(history[0].outcome, Verdict::Good);
    EXPECT_EQ(history[0].seconds, 90.0);
    EXPECT_EQ(history[0].who, "ada@example.com");
    EXPECT_EQ(history[0].parts.size(), 2U);
    EXPECT_TRUE(history[0].current);
}

TEST(History, LeavesUntouchedServicesTheirOlderImage) {
    Past past;
    past.add(0, "backend", kA);
    past.add(0, "landing", kA);
    past.add(40, "landing", kB);

    const auto history = make_history(past.all);

    ASSERT_EQ(history.size(), 2U);
    EXPECT_EQ(history[0].commit, kB);
    EXPECT_EQ(history[0].state.at("landing").commit, kB);
    EXPECT_EQ(history[0].state.at("backend").commit, kA);
    EXPECT_EQ(history[1].state.at("landing").commit, kA);
}

TEST(History, SortsWhatComesInAnyOrder) {
    Past past;
    past.add(40, "landing", kB);
    past.add(0, "landing", kA);

    EXPECT_EQ(make_history(past.all)[0].commit, kB);
}

TEST(History, KeepsWhatRanWhenADeploymentFailed) {
    Past past;
    past.add(0, "landing", kA);
    past.add(40, "landing", kB, Ending::Failed);

    const auto history = make_history(past.all);

    EXPECT_EQ(history[0].outcome, Verdict::Failed);
    EXPECT_EQ(history[0].state.at("landing").commit, kA);
    EXPECT_FALSE(history[0].current);
    EXPECT_TRUE(history[1].current);
}

TEST(History, CallsAReleaseOfWhichSomeFailedPartlyGood) {
    Past past;
    past.add(0, "landing", kA);
    past.add(0, "backend", kA, Ending::Failed);

    EXPECT_EQ(make_history(past.all)[0].outcome, Verdict::Partly);
}

TEST(History, TellsOneThatGoesOnAndItsDurationIsNotKnown) {
    Past past;
    past.add(0, "landing", kA);
    past.add(40, "landing", kB, Ending::Running).ended = "";

    const auto history = make_history(past.all);

    EXPECT_EQ(history[0].outcome, Verdict::Running);
    EXPECT_FALSE(history[0].seconds);
    EXPECT_TRUE(history[1].current);
}

TEST(History, TakesASecondDeploymentOfACommitForAReleaseOfItsOwn) {
    Past past;
    past.add(0, "landing", kA);
    past.add(5, "landing", kA);

    const auto history = make_history(past.all);

    ASSERT_EQ(history.size(), 2U);
    EXPECT_EQ(history[0].back_to, "");
    EXPECT_TRUE(same_state(history[0], history[1]));
    EXPECT_FALSE(same_state(history[0], history[1], Compare::Deployments));
}

TEST(History, EndsAReleaseAfterALongPause) {
    Past past;
    past.add(0, "landing", kA);
    past.add(kMostMinutesBetween + 1, "backend", kA);

    EXPECT_EQ(make_history(past.all).size(), 2U);
}

TEST(History, TakesOnlyWhatWasMarkedAsAReturnForOne) {
    Past past;
    past.release(1, "landing", kA);
    past.release(2, "landing", kB);
    past.release(3, "landing", kA);
    past.release(4, "landing", kB, 2);

    const auto history = make_history(past.all);

    EXPECT_EQ(history[0].back_to, kB);
    EXPECT_EQ(history[0].back_to_number, 2);
    EXPECT_EQ(history[1].back_to, "");
    EXPECT_EQ(history[3].number, 1);
}

TEST(History, DoesNotTakeEqualCommitsForAReturn) {
    Past past;
    past.add(0, "landing", kA);
    past.add(40, "landing", kB);
    past.add(80, "landing", kA);

    EXPECT_EQ(make_history(past.all)[0].back_to, "");
}

TEST(History, KeepsReleasesOfOneCommitApartByTheirNumbers) {
    Past past;
    past.release(1, "landing", kA);
    past.release(2, "backend", kA);

    EXPECT_EQ(make_history(past.all).size(), 2U);
}

TEST(History, TakesOneNumberForOneReleaseHoweverLongItTook) {
    Past past;
    past.release(1, "landing", kA);
    past.release(1, "backend", kA).began = "2026-08-22T10:00:00.000Z";

    EXPECT_EQ(make_history(past.all).size(), 1U);
}

TEST(History, TellsAReturnByThePlatformByTheVariablesOfThen) {
    Past past;
    past.release(1, "landing", kA);
    past.release(2, "landing", kB);
    past.release(1, "landing", kA).began = "2026-08-21T11:00:00.000Z";

    const auto history = make_history(past.all);

    ASSERT_EQ(history.size(), 3U);
    EXPECT_EQ(history[0].back_to_number, 1);
    EXPECT_EQ(history[0].number, 0);
}

TEST(History, TakesADeploymentThatIsStartedAgainForNoReturn) {
    Past past;
    past.release(1, "landing", kA);
    past.release(2, "backend", kB);
    past.release(1, "landing", kA).began = "2026-08-21T11:00:00.000Z";

    EXPECT_EQ(make_history(past.all)[0].back_to, "");
}

TEST(History, CallsAReleaseFailedThatWasGivenBack) {
    Past past;
    past.release(1, "backend", kA);
    past.release(1, "landing", kA);
    past.release(2, "backend", kB);
    past.release(2, "landing", kB, 0, Ending::Failed);
    past.release(2, "backend", kA).began = "2026-08-21T10:25:00.000Z";

    const auto history = make_history(past.all);

    ASSERT_EQ(history.size(), 2U);
    EXPECT_EQ(history[0].outcome, Verdict::Failed);
    EXPECT_TRUE(history[1].current);
}

TEST(History, TellsDeploymentsMadeByHand) {
    Past past;
    past.add(0, "landing", kA);
    auto& hand = past.add(1, "landing", "");
    hand.image = "nginx:latest";

    const auto history = make_history(past.all);

    ASSERT_EQ(history.size(), 2U);
    EXPECT_TRUE(history[0].by_hand);
    EXPECT_EQ(history[0].commit, "");
    EXPECT_EQ(history[0].state.at("landing").image, "nginx:latest");
    EXPECT_EQ(history[0].state.at("landing").commit, "");
}

TEST(History, ReadsTheCommitFromTheImageWhereVariablesAreGone) {
    Past past;
    auto& old = past.add(0, "landing", "");
    old.image = "docker.io/x/landing:aaaaaaa@sha256:0";

    const auto history = make_history(past.all);

    EXPECT_EQ(history[0].commit, kA);
    EXPECT_TRUE(history[0].guessed);
    EXPECT_FALSE(history[0].by_hand);
    EXPECT_EQ(history[0].state.at("landing").content, "");
}

TEST(History, KeepsConfigurationOnlyReleasesOfAnOlderImageApart) {
    Past past;
    past.add(0, "landing", kA);
    auto& configured = past.add(40, "landing", kB);
    configured.commit = kA;
    configured.image = past.all[0].image;

    const auto history = make_history(past.all);

    EXPECT_EQ(history[0].commit, kB);
    EXPECT_EQ(history[0].state.at("landing").commit, kA);
    EXPECT_TRUE(same_state(history[0], history[1]));
}

TEST(History, IsEmptyWithoutDeployments) {
    EXPECT_TRUE(make_history({}).empty());
    EXPECT_FALSE(previous({}));
}

TEST(Previous, IsTheGoodOneBefore) {
    Past past;
    past.add(0, "landing", kA);
    past.add(40, "landing", kB, Ending::Failed);
    past.add(80, "landing", kC);

    const auto history = make_history(past.all);

    ASSERT_TRUE(previous(history));
    EXPECT_EQ(history[*previous(history)].commit, kA);
}

TEST(Previous, SkipsWhatWasUndone) {
    Past past;
    past.release(1, "landing", kA);
    past.release(2, "landing", kB);
    past.release(3, "landing", kC);
    past.release(4, "landing", kB, 2);

    const auto history = make_history(past.all);

    EXPECT_EQ(history[*previous(history)].number, 1);
}

TEST(Previous, IsNoneAfterGoingBackToTheFirst) {
    Past past;
    past.release(1, "landing", kA);
    past.release(2, "landing", kB);
    past.release(3, "landing", kA, 1);

    EXPECT_FALSE(previous(make_history(past.all)));
}

TEST(Previous, NeverLeadsToWhatWasUndoneWhenOnlyVariablesChangedSince) {
    Past past;
    past.release(1, "landing", kA);
    past.release(2, "landing", kB);
    past.release(3, "landing", kA, 1);
    past.release(4, "landing", kA);

    EXPECT_FALSE(previous(make_history(past.all)));
}

TEST(Previous, IsTheStateBeforeTheLastReleaseAsAWhole) {
    Past past;
    for (const auto* service : {"backend", "beholder", "landing"}) past.release(1, service, kB);
    for (const auto* service : {"backend", "beholder", "landing"}) past.release(2, service, kA);
    past.release(3, "landing", kB);
    const auto history = make_history(past.all);

    ASSERT_TRUE(previous(history));
    const auto& target = history[*previous(history)];
    EXPECT_EQ(target.number, 2);
    for (const auto& [service, running] : target.state) EXPECT_EQ(running.commit, kA) << service;
}

TEST(Previous, GoesFurtherBackAfterAReturnToAReturn) {
    Past past;
    past.release(1, "landing", kA);
    past.release(2, "landing", kB);
    past.release(3, "landing", kC);
    past.release(4, "landing", kB, 2);
    past.release(5, "landing", "ddddddd");
    past.release(6, "landing", kB, 4);
    const auto history = make_history(past.all);

    EXPECT_EQ(history[*previous(history)].number, 1);
}

TEST(Previous, OfOneServiceLooksAtThatServiceAlone) {
    Past past;
    past.release(1, "backend", kA);
    past.release(1, "landing", kA);
    past.release(2, "landing", kB);
    past.release(3, "backend", kC);
    const auto history = make_history(past.all);

    EXPECT_EQ(history[*previous(history)].number, 2);
    EXPECT_EQ(history[*previous(history, Compare::Images, "landing")].number, 1);
}

TEST(Previous, IsWhatAReturnThatWasCutOffWasOnItsWayTo) {
    Past past;
    past.release(1, "backend", kA);
    past.release(1, "landing", kA);
    past.release(2, "backend", kB);
    past.release(2, "landing", kB);
    past.release(3, "landing", kA, 1);
    const auto history = make_history(past.all);

    EXPECT_EQ(previous(history), 2U);
}

TEST(Previous, IsNoneOfTheSameImagesUnlessVariablesCount) {
    Past past;
    past.add(0, "landing", kA);
    past.add(5, "landing", kA);
    const auto history = make_history(past.all);

    EXPECT_FALSE(previous(history));
    EXPECT_EQ(previous(history, Compare::Deployments), 1U);
}

TEST(Previous, TakesOneOfUnknownEndIfThereIsNoBetter) {
    Past past;
    past.add(0, "landing", kA, Ending::Unknown);
    past.add(40, "landing", kB);

    const auto history = make_history(past.all);

    EXPECT_EQ(history[*previous(history)].commit, kA);
}

TEST(Find, KnowsACommitByItsBeginningAndByItsWholeName) {
    Past past;
    past.add(0, "landing", kA);
    const auto history = make_history(past.all);

    EXPECT_EQ(find(history, "aaaa"), 0U);
    EXPECT_EQ(find(history, "AAAAAAA"), 0U);
    EXPECT_EQ(find(history, "aaaaaaa123456789012345678901234567890123"), 0U);
    EXPECT_FALSE(find(history, "aaa"));
    EXPECT_FALSE(find(history, "aaaaaab"));
}

TEST(Find, PrefersOneThatRan) {
    Past past;
    past.add(0, "landing", kA);
    past.add(40, "landing", kB);
    past.add(80, "landing", kA, Ending::Failed);

    EXPECT_EQ(find(make_history(past.all), kA), 2U);
}

TEST(Find, GoesToWhatBroughtACommitWhereVariablesCount) {
    Past past;
    past.release(1, "landing", kA);
    past.release(2, "landing", kB);
    past.release(3, "landing", kA, 1);
    const auto history = make_history(past.all);

    EXPECT_EQ(find(history, kA), 0U);
    EXPECT_EQ(find(history, kA, Compare::Deployments), 2U);
}

TEST(Find, KnowsAReleaseByItsNumber) {
    Past past;
    past.release(1, "landing", kA);
    past.release(2, "landing", kA);
    const auto history = make_history(past.all);

    EXPECT_EQ(find(history, "r1"), 1U);
    EXPECT_FALSE(find(history, "r3"));
}

TEST(NearOnes, BeginWithWhatWasProbablyMeant) {
    Past past;
    past.add(0, "landing", "3f9c2ab");
    past.add(40, "landing", kB);

    EXPECT_EQ(near_ones(make_history(past.all), "3f9c2ba"), (std::vector<std::string>{"3f9c2ab", kB}));
}

TEST(CommitOfImage, IsATagOfSevenHexDigits) {
    EXPECT_EQ(commit_of_image("docker.io/x/y:3f9c2ab@sha256:00"), "3f9c2ab");
    EXPECT_EQ(commit_of_image("localhost:5000/y:3f9c2ab-dirty"), "3f9c2ab-dirty");
    EXPECT_EQ(commit_of_image("localhost:5000/y"), "");
    EXPECT_EQ(commit_of_image("valkey/valkey:8-alpine"), "");
}

}  // namespace
}  // namespace seance::releases
