#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "platform/plan/keep_images.hpp"
#include "platform/plan/plan.hpp"
#include "tests/support/deployed_shop.hpp"

namespace seance::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::deployed;
using testing_support::service_of;
using testing_support::set_variable;
using testing_support::wanted_shop;

std::vector<std::string> ids(const Plan& plan) {
    std::vector<std::string> ids;
    for (const auto& change : plan.changes) ids.push_back(change.id());
    return ids;
}

Change change_of(const Plan& plan, std::string_view id) {
    const auto* found = plan.find(id);
    if (found) return *found;
    ADD_FAILURE() << "no change " << id;
    return {};
}

const WantedService& api_of(const Wanted& wanted) {
    return *wanted.service("api");
}
WantedService& api_of(Wanted& wanted) {
    return wanted.services.at(1);
}
WantedService& store_of(Wanted& wanted) {
    return wanted.services.at(0);
}

TEST(Diff, IsEmptyBetweenAWishAndItsDeployment) {
    const auto plan = diff(wanted_shop(), deployed(wanted_shop()));

    EXPECT_THAT(ids(plan), IsEmpty());
    EXPECT_THAT(plan.unchanged, ElementsAre("store", "api"));
    EXPECT_THAT(plan.conflicts, IsEmpty());
    EXPECT_THAT(plan.unmanaged, IsEmpty());
}

TEST(Diff, MakesEverythingWhereNothingIs) {
    Live nothing;
    nothing.bucket = LiveBucket{};

    const auto plan = diff(wanted_shop(), nothing);

    for (const char* id :
         {"environment/project/shop", "environment/environment/production", "environment/bucket/shop-cdn",
          "environment/cors/shop-cdn", "store/service", "store/volume", "store/image", "api/setting/overlap",
          "api/setting/drain", "api/variable/TOKEN", "api/domain/api.shop.dev", "api/dns/CNAME api.shop.dev",
          "api/dns/TXT of api.shop.dev", "store/deployment", "api/deployment"})
        EXPECT_TRUE(plan.find(id)) << id;
    EXPECT_EQ(plan.deployments(), 2u);
    EXPECT_EQ(plan.count(Action::Delete), 0u);
    EXPECT_EQ(change_of(plan, "api/variable/TOKEN").after, "«hidden»");
}

TEST(Diff, OrdersChangesAsTheyAreCarriedOut) {
    const auto plan = diff(wanted_shop(), Live{});

    EXPECT_TRUE(std::is_sorted(plan.changes.begin(), plan.changes.end(),
                               [](const Change& a, const Change& b) { return a.kind < b.kind; }));
}

// One thing is different; these are the changes.
struct Case {
    const char* name;
    std::function<void(Wanted&, Live&)> make;
    std::vector<std::string> changes;
};
void PrintTo(const Case& one, std::ostream* out) {
    *out << one.name;
}
class DiffCase : public testing::TestWithParam<Case> {};

TEST_P(DiffCase, ChangesJustThis) {
    auto wanted = wanted_shop();
    auto live = deployed(wanted);
    GetParam().make(wanted, live);

    EXPECT_EQ(ids(diff(wanted, live)), GetParam().changes);
}

INSTANTIATE_TEST_SUITE_P(
    Table, DiffCase,
    testing::Values(Case{"NewImage",
                         [](Wanted& w, Live&) { api_of(w).image = "docker.io/shop/api:def@sha256:2"; },
                         {"api/image", "api/deployment"}},
                    Case{"UnknownImageIsNotCompared", [](Wanted& w, Live&) { api_of(w).image.clear(); }, {}},
                    Case{"PlatformsOverlapAndDrainOfZero",
                         [](Wanted&, Live& l) {
                             auto& settings = service_of(l, "api").settings;
                             settings.overlap_seconds = settings.drain_seconds = 0;
                         },
                         {"api/setting/overlap", "api/setting/drain", "api/deployment"}},
                    Case{"UndeclaredRegionAndLimitsAreNotCompared",
                         [](Wanted&, Live& l) {
                             auto& settings = service_of(l, "api").settings;
                             settings.region = "us-west2";
                             settings.cpu = 8;
                             settings.memory_mb = 8192;
                         },
                         {}},
                    Case{"DeclaredLimits",
                         [](Wanted& w, Live&) {
                             api_of(w).settings.cpu = 2;
                             api_of(w).settings.memory_mb = 512;
                         },
                         {"api/setting/cpu", "api/setting/memory", "api/deployment"}},
                    Case{"NewVariable",
                         [](Wanted& w, Live&) {
                             api_of(w).variables["NEW"] = {SecretText("x"), false};
                         },
                         {"api/variable/NEW", "api/deployment"}},
                    Case{"VariableChangedByHand",
                         [](Wanted&, Live& l) { set_variable(l, service_of(l, "api"), "MODE", "slow"); },
                         {"api/variable/MODE", "api/deployment"}},
                    Case{"VariableThatStackYamlNoLongerDeclares",
                         [](Wanted& w, Live&) { api_of(w).variables.erase("MODE"); },
                         {"api/variable/MODE", "api/deployment"}},
                    Case{"BookkeepingAlone",
                         [](Wanted&, Live& l) {
                             set_variable(l, service_of(l, "api"), std::string(kReleaseVariable), "0000000");
                         },
                         {}},
                    Case{"RailwaysVariablesOfSomebodyElse",
                         [](Wanted&, Live& l) { set_variable(l, service_of(l, "api"), "BY_HAND", "x"); },
                         {}},
                    Case{"LastDeploymentFailed",
                         [](Wanted&, Live& l) {
                             auto& latest = *service_of(l, "api").deployment;
                             latest.active = false;
                             latest.failed = true;
                             latest.status = "FAILED";
                         },
                         {"api/deployment"}},
                    Case{"NothingRuns",
                         [](Wanted&, Live& l) {
                             auto& latest = *service_of(l, "api").deployment;
                             latest.active = false;
                             latest.status = "REMOVED";
                         },
                         {"api/deployment"}},
                    Case{"OneThatIsUnderWayIsNotStartedAgain",
                         [](Wanted&, Live& l) {
                             auto& latest = *service_of(l, "api").deployment;
                             latest.active = false;
                             latest.in_progress = true;
                         },
                         {}},
                    Case{"ConfiguredButNotDeployed",
                         [](Wanted&, Live& l) { service_of(l, "api").deployment->revision = "an-older-one"; },
                         {"api/deployment"}},
                    Case{"DeploymentThatDoesNotTellItsRevision",
                         [](Wanted&, Live& l) { service_of(l, "api").deployment->revision.clear(); },
                         {}},
                    Case{"ServiceThatWasNeverOurs",
                         [](Wanted&, Live& l) {
                             auto& api = service_of(l, "api");
                             for (auto name : {kCommitVariable, kContentVariable, kNamesVariable,
                                               kRevisionVariable, kReleaseVariable})
                                 api.variables.erase(std::string(name));
                             api.deployment->revision.clear();
                         },
                         {}},
                    Case{"DomainAtAnotherPort",
                         [](Wanted&, Live& l) { service_of(l, "api").domains[0].port = 3000; },
                         {"api/domain/api.shop.dev"}},
                    Case{"DomainAtAPortThatIsGuessed",
                         [](Wanted&, Live& l) { service_of(l, "api").domains[0].port = std::nullopt; },
                         {"api/domain/api.shop.dev"}},
                    Case{"RecordThatIsNotProxied",
                         [](Wanted&, Live& l) { l.records[0].proxied = false; },
                         {"api/dns/CNAME api.shop.dev"}},
                    Case{"RecordThatIsGone",
                         [](Wanted&, Live& l) { l.records.erase(l.records.begin() + 1); },
                         {"api/dns/TXT _railway-verify.api.shop.dev"}},
                    Case{"OwnRecordWithAnotherTarget",
                         [](Wanted&, Live& l) { l.records[0].content = "old.up.railway.app"; },
                         {"api/dns/CNAME api.shop.dev"}},
                    Case{"CorsOfOtherOrigins",
                         [](Wanted&, Live& l) { l.bucket->cors_origins = {"https://old.dev"}; },
                         {"environment/cors/shop-cdn"}},
                    Case{"BucketThatWasNotLookedAt", [](Wanted&, Live& l) { l.bucket.reset(); }, {}},
                    Case{"VolumeAtAnotherPlace",
                         [](Wanted&, Live& l) { service_of(l, "store").volume = "/other"; },
                         {"store/volume"}},
                    Case{"VolumeThatNobodyDeclares",
                         [](Wanted&, Live& l) { service_of(l, "api").volume = "/theirs"; },
                         {}}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(Diff, SaysThatADeploymentWithoutAVolumeAndWithHealthDoesNotInterrupt) {
    auto wanted = wanted_shop();
    api_of(wanted).image = "docker.io/shop/api:def@sha256:2";

    const auto change = change_of(diff(wanted, deployed(wanted_shop())), "api/deployment");

    EXPECT_EQ(change.impact, Impact::None);
    EXPECT_EQ(change.reason, "new image");
}

TEST(Diff, SaysWhyADeploymentInterrupts) {
    const std::pair<std::function<void(Wanted&)>, const char*> cases[] = {
        {[](Wanted& w) { store_of(w).image = "docker.io/valkey:9@sha256:6"; }, "volume"},
        {[](Wanted& w) { api_of(w).settings.health_path.clear(); }, "health path"},
        {[](Wanted& w) { api_of(w).settings.overlap_seconds = 0; }, "overlap is 0 s"},
        {[](Wanted& w) { api_of(w).settings.drain_seconds = 0; }, "drain is 0 s"},
    };
    for (const auto& [make, why] : cases) {
        auto wanted = wanted_shop();
        make(wanted);

        const auto plan = diff(wanted, deployed(wanted_shop()));
        const auto* change = plan.find("api/deployment");
        if (!change) change = plan.find("store/deployment");

        ASSERT_TRUE(change) << why;
        EXPECT_EQ(change->impact, Impact::Interrupts) << why;
        EXPECT_THAT(change->reason, HasSubstr(why));
    }
}

TEST(Diff, InterruptsNothingWhereNothingRuns) {
    EXPECT_EQ(change_of(diff(wanted_shop(), Live{}), "store/deployment").impact, Impact::None);
}

TEST(Diff, TellsWhatIsNotDeclaredAndLeavesIt) {
    auto live = deployed(wanted_shop());
    set_variable(live, service_of(live, "api"), "BY_HAND", "x");
    service_of(live, "api").domains.push_back({"d", "old.shop.dev", 80, "", "", "", true, ""});
    live.services.push_back({});
    live.services.back().name = "theirs";

    const auto plan = diff(wanted_shop(), live);

    EXPECT_TRUE(plan.empty());
    ASSERT_EQ(plan.unmanaged.size(), 3u);
    EXPECT_EQ(plan.unmanaged[0].item, "BY_HAND");
    EXPECT_EQ(plan.unmanaged[1].item, "old.shop.dev");
    EXPECT_EQ(plan.unmanaged[2].service, "theirs");
}

TEST(Diff, PrunesOnlyWhenToldAndSaysWhatThatDestroys) {
    auto live = deployed(wanted_shop());
    set_variable(live, service_of(live, "api"), "BY_HAND", "x");
    service_of(live, "api").domains.push_back({"d", "old.shop.dev", 80, "", "", "", true, ""});
    live.services.push_back({});
    live.services.back().name = "theirs";

    const auto plan = diff(wanted_shop(), live, {true, ""});

    EXPECT_THAT(plan.unmanaged, IsEmpty());
    EXPECT_TRUE(plan.destroys());
    EXPECT_EQ(change_of(plan, "api/variable/BY_HAND").impact, Impact::None);
    EXPECT_EQ(change_of(plan, "api/domain/old.shop.dev").impact, Impact::Destroys);
    EXPECT_EQ(change_of(plan, "theirs/service").action, Action::Delete);
}

TEST(Diff, NeverTakesAVolumeAwayNotEvenToPrune) {
    auto live = deployed(wanted_shop());
    service_of(live, "api").volume = "/theirs";
    service_of(live, "api").volume_id = "v";

    const auto plan = diff(wanted_shop(), live, {true, ""});

    EXPECT_EQ(plan.count(Action::Delete), 0u);
}

TEST(Diff, DoesNotCompareASealedVariable) {
    auto live = deployed(wanted_shop());
    service_of(live, "api").variables["TOKEN"] = {"", std::nullopt, true};

    const auto plan = diff(wanted_shop(), live);

    EXPECT_TRUE(plan.empty());
    ASSERT_EQ(plan.notes.size(), 1u);
    EXPECT_THAT(plan.notes[0], HasSubstr("TOKEN of api is sealed"));
}

TEST(Diff, ComparesNoSecretsOfALockedFileAndSaysSo) {
    auto wanted = wanted_shop();
    api_of(wanted).variables["TOKEN"].text.reset();

    const auto plan = diff(wanted, deployed(wanted_shop()));

    EXPECT_TRUE(plan.empty());
    ASSERT_EQ(plan.notes.size(), 1u);
    EXPECT_THAT(plan.notes[0], HasSubstr("secrets of api were not compared"));
}

TEST(Diff, NeverShowsASecretNeitherOldNorNew) {
    auto wanted = wanted_shop();
    api_of(wanted).variables["TOKEN"].text = SecretText("sentinel-new");

    const auto change = change_of(diff(wanted, deployed(wanted_shop())), "api/variable/TOKEN");

    EXPECT_EQ(change.before, "«hidden»");
    EXPECT_EQ(change.after, "«hidden»");
}

TEST(Diff, SpeaksOfOneServiceAloneWhenAsked) {
    auto wanted = wanted_shop();
    api_of(wanted).image = "docker.io/shop/api:def@sha256:2";
    store_of(wanted).image = "docker.io/valkey:9@sha256:6";
    auto live = deployed(wanted_shop());
    live.bucket = LiveBucket{};

    EXPECT_THAT(ids(diff(wanted, live, {false, "store"})), ElementsAre("store/image", "store/deployment"));
}

// --- conflicts ---

TEST(Diff, TakesAForeignRecordUnderAWantedNameForAConflict) {
    for (auto type : {dns::RecordType::A, dns::RecordType::Aaaa, dns::RecordType::Cname}) {
        auto live = deployed(wanted_shop());
        live.records[0].type = type;
        live.records[0].content = "somewhere.else";
        live.records[0].comment = "mine";

        const auto plan = diff(wanted_shop(), live);

        ASSERT_EQ(plan.conflicts.size(), 1u) << dns::spelling(type);
        EXPECT_THAT(plan.conflicts[0], HasSubstr("api.shop.dev already has a record"));
        EXPECT_THAT(plan.conflicts[0], HasSubstr("seance:production:"));
    }
}

TEST(Diff, FindsTheConflictBeforeTheDomainIsMade) {
    Live live;
    dns::Record record;
    record.id = "r";
    record.type = dns::RecordType::A;
    record.name = "api.shop.dev";
    record.content = "203.0.113.7";
    live.records = {record};

    EXPECT_EQ(diff(wanted_shop(), live).conflicts.size(), 1u);
}

TEST(Diff, LetsAForeignTxtBesideOursStand) {
    auto live = deployed(wanted_shop());
    dns::Record record;
    record.id = "spf";
    record.type = dns::RecordType::Txt;
    record.name = "api.shop.dev";
    record.content = "v=spf1 -all";
    live.records.push_back(record);

    const auto plan = diff(wanted_shop(), live);

    EXPECT_TRUE(plan.empty());
    EXPECT_THAT(plan.conflicts, IsEmpty());
}

TEST(Diff, RefusesZonesThatCannotWork) {
    const std::pair<LiveZone, const char*> cases[] = {
        {{"zone", "shop.dev", "flexible", ""}, "TLS mode flexible"},
        {{"zone", "shop.dev", "off", ""}, "TLS mode off"},
        {{"zone", "shop.dev", "full", "zone shop.dev is paused"}, "paused"},
    };
    for (const auto& [zone, why] : cases) {
        auto live = deployed(wanted_shop());
        live.zones["api.shop.dev"] = zone;

        const auto plan = diff(wanted_shop(), live);

        ASSERT_EQ(plan.conflicts.size(), 1u) << why;
        EXPECT_THAT(plan.conflicts[0], HasSubstr(why));
    }
}

TEST(Diff, OnlyNotesTlsModeStrict) {
    auto live = deployed(wanted_shop());
    live.zones["api.shop.dev"].ssl = "strict";

    const auto plan = diff(wanted_shop(), live);

    EXPECT_THAT(plan.conflicts, IsEmpty());
    EXPECT_EQ(plan.notes.size(), 1u);
}

TEST(Diff, TellsOfOwnRecordsThatNoNameNeedsAnyMore) {
    auto live = deployed(wanted_shop());
    dns::Record record;
    record.id = "old";
    record.type = dns::RecordType::Cname;
    record.name = "shop-old.dev";
    record.content = "x.up.railway.app";
    record.comment = "seance:production:gone";
    live.records.push_back(record);
    live.record_zones["old"] = "zone";

    const auto told = diff(wanted_shop(), live);
    const auto pruned = diff(wanted_shop(), live, {true, ""});

    EXPECT_TRUE(told.empty());
    ASSERT_EQ(told.unmanaged.size(), 1u);
    ASSERT_EQ(pruned.changes.size(), 1u);
    EXPECT_EQ(pruned.changes[0].record->id, "old");
    EXPECT_EQ(pruned.changes[0].zone_id, "zone");
}

TEST(Diff, LeavesRecordsOfAnotherEnvironmentAlone) {
    auto live = deployed(wanted_shop());
    dns::Record record;
    record.id = "theirs";
    record.type = dns::RecordType::Cname;
    record.name = "staging.shop.dev";
    record.comment = "seance:staging:api";
    live.records.push_back(record);

    const auto plan = diff(wanted_shop(), live, {true, ""});

    EXPECT_TRUE(plan.empty());
    EXPECT_THAT(plan.unmanaged, IsEmpty());
}

// --- images that have not changed ---

TEST(KeepUnchangedImages, KeepsTheImageThatIsMadeOfTheSame) {
    auto wanted = wanted_shop();
    api_of(wanted).image = "docker.io/shop/api:def5678@sha256:2";
    api_of(wanted).commit = "def5678";
    const auto live = deployed(wanted_shop());

    keep_unchanged_images(wanted, live);

    EXPECT_EQ(api_of(wanted).commit, "abc1234");
    EXPECT_TRUE(diff(wanted, live).empty());
}

TEST(KeepUnchangedImages, TakesTheNewImageWhenItsContentDiffersOrWhatIsNotedIsNotOfTheLiveOne) {
    const std::function<void(Wanted&, Live&)> cases[] = {
        [](Wanted& w, Live&) { api_of(w).content = "content-2"; },
        [](Wanted& w, Live&) { api_of(w).content.clear(); },
        [](Wanted&, Live& l) { service_of(l, "api").image = "docker.io/shop/api:by-hand"; },
        [](Wanted&, Live& l) { service_of(l, "api").variables.erase(std::string(kCommitVariable)); },
    };
    for (const auto& make : cases) {
        auto wanted = wanted_shop();
        auto live = deployed(wanted);
        api_of(wanted).image = "docker.io/shop/api:def5678@sha256:2";
        api_of(wanted).commit = "def5678";
        make(wanted, live);

        keep_unchanged_images(wanted, live);

        EXPECT_EQ(api_of(std::as_const(wanted)).image, "docker.io/shop/api:def5678@sha256:2");
    }
}

// --- bookkeeping ---

TEST(Bookkeeping, ChangesItsRevisionWithAllThatADeploymentTakesUpAndNothingElse) {
    const auto before = revision(api_of(wanted_shop()));
    auto commit = wanted_shop(), image = commit, setting = commit, value = commit;
    api_of(commit).commit = "def5678";
    api_of(image).image = "other";
    api_of(setting).settings.drain_seconds = 31;
    api_of(value).variables["TOKEN"].text = SecretText("other");

    EXPECT_EQ(revision(api_of(commit)), before);
    for (const auto& changed : {image, setting, value}) EXPECT_NE(revision(api_of(changed)), before);
}

TEST(Bookkeeping, NamesWhatWasDeclaredAndHoldsNoSecret) {
    const auto values = with_bookkeeping(api_of(wanted_shop()), "abc1234");

    EXPECT_THAT(declared_names(values.at(std::string(kNamesVariable)).text->reveal()),
                ElementsAre("MODE", "PORT", "TOKEN"));
    for (const auto& [name, value] : values)
        if (is_bookkeeping(name)) {
            EXPECT_THAT(value.text->reveal(), testing::Not(HasSubstr("sentinel")));
        }
}

}  // namespace
}  // namespace seance::plan
