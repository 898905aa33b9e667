#include "platform/plan/snapshot.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "platform/plan/plan.hpp"
#include "tests/support/deployed_shop.hpp"

namespace seance::plan {
namespace {

using testing::HasSubstr;
using testing_support::deployed;
using testing_support::wanted_shop;

Live there_and_back(const Live& live) {
    const auto read = parse_snapshot(boost::json::serialize(to_json(live)));
    if (read) return *read;
    ADD_FAILURE() << read.error().what;
    return {};
}

TEST(Snapshot, GivesTheSamePlanAsWhatItIsOf) {
    auto live = deployed(wanted_shop());
    live.staged_changes = 2;
    live.other_services = {"elsewhere"};
    testing_support::service_of(live, "api").settings.cpu = 0.5;
    auto wanted = wanted_shop();
    wanted.services[1].variables["MODE"].text = SecretText("slow");
    wanted.services[1].settings.replicas = 3;
    const auto ids = [](const Plan& plan) {
        std::vector<std::string> all;
        for (const auto& change : plan.changes) all.push_back(change.id());
        return all;
    };

    const auto back = there_and_back(live);

    EXPECT_TRUE(diff(wanted_shop(), back).empty());
    EXPECT_EQ(ids(diff(wanted, back)), ids(diff(wanted, live)));
    EXPECT_EQ(diff(wanted, back).notes, diff(wanted, live).notes);
    EXPECT_EQ(back.other_services, live.other_services);
    EXPECT_EQ(back.record_zones, live.record_zones);
}

TEST(Snapshot, OfNothingIsOfNothing) {
    const auto back = there_and_back(Live{});

    EXPECT_TRUE(back.project_id.empty());
    EXPECT_FALSE(back.bucket);
    EXPECT_FALSE(back.staged_changes);
}

TEST(Snapshot, HoldsNoValueButBookkeepingAndNeitherTheEnvironmentsKey) {
    auto live = deployed(wanted_shop());
    change_fingerprint_key(live, SecretText("sentinel-fingerprint-key"));

    const auto text = boost::json::serialize(to_json(live));

    EXPECT_THAT(text, testing::Not(HasSubstr("sentinel")));
    EXPECT_THAT(text, testing::Not(HasSubstr("fast")));
    EXPECT_THAT(text, HasSubstr("abc1234"));
}

TEST(Snapshot, IsUnderAKeyOfItsOwnEachTime) {
    const auto live = deployed(wanted_shop());

    EXPECT_NE(there_and_back(live).fingerprint_key.reveal(), there_and_back(live).fingerprint_key.reveal());
}

TEST(Snapshot, KeepsASealedVariableSealed) {
    auto live = deployed(wanted_shop());
    testing_support::service_of(live, "api").variables["TOKEN"] = {"", std::nullopt, true};

    EXPECT_TRUE(there_and_back(live).service("api")->variables.at("TOKEN").sealed);
    EXPECT_TRUE(diff(wanted_shop(), there_and_back(live)).empty());
}

TEST(Snapshot, RefusesWhatIsNone) {
    EXPECT_THAT(parse_snapshot("{").error().what, HasSubstr("no JSON"));
    EXPECT_THAT(parse_snapshot("{}").error().what, HasSubstr("seance -e ENV plan --snapshot FILE"));
}

}  // namespace
}  // namespace seance::plan
