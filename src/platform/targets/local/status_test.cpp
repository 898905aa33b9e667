#include "platform/targets/local/status.hpp"

#include <gtest/gtest.h>

namespace seance::local {
namespace {

process::ServiceStatus healthy(std::string name, std::string commit, bool has_metrics) {
    process::ServiceStatus status;
    status.name = std::move(name);
    status.state = process::State::Healthy;
    status.admin_port = 9000;
    status.commit = std::move(commit);
    status.has_metrics = has_metrics;
    return status;
}

StackView view_of(const std::vector<process::ServiceStatus>& services) {
    Layout layout;
    layout.project = "shop";
    layout.environment = "local";
    layout.domain = "shop.localhost";
    layout.fingerprint = "f1";
    return view(layout, services, {});
}

TEST(Status, TellsOfAServiceOnlyWhatIsKnown) {
    const auto seen = view_of({healthy("valkey", "", false), healthy("api", "0123abc", true)});

    EXPECT_EQ(seen.services[0].commit, "");
    EXPECT_EQ(seen.services[0].admin_port, 0);
    EXPECT_EQ(seen.services[1].commit, "0123abc");
    EXPECT_EQ(seen.services[1].admin_port, 9000);
}

TEST(Status, NamesACommitForTheWholeOnlyIfThereIsOne) {
    EXPECT_EQ(view_of({healthy("valkey", "", false), healthy("api", "0123abc", true)}).commit, "0123abc");
    EXPECT_EQ(view_of({healthy("api", "0123abc", true), healthy("web", "4567def", true)}).commit, "");
    EXPECT_EQ(view_of({healthy("valkey", "", false)}).commit, "");
}

TEST(Status, IsTheSameOnTheOtherSideOfItsJson) {
    const auto there = from_json(to_json(view_of({healthy("api", "0123abc", true)})));

    ASSERT_TRUE(there);
    EXPECT_EQ(there->fingerprint, "f1");
    EXPECT_EQ(there->commit, "0123abc");
    EXPECT_EQ(there->services.at(0).commit, "0123abc");
    EXPECT_EQ(there->services.at(0).admin_port, 9000);
    EXPECT_FALSE(there->stack_changed) << "whoever looks has to compare";
}

TEST(Status, OfAnEarlierSeanceSaysNothingOfItsManifest) {
    auto text = to_json(view_of({healthy("api", "0123abc", true)}));
    const std::string told = R"("fingerprint":"f1",)";
    text.erase(text.find(told), told.size());

    const auto there = from_json(text);

    ASSERT_TRUE(there);
    EXPECT_EQ(there->fingerprint, "");
    EXPECT_EQ(advice_on_change(*there), "");
}

TEST(Status, AdvisesOnlyWhereTheManifestHasChanged) {
    auto seen = view_of({});
    seen.stack_changed = false;
    EXPECT_EQ(advice_on_change(seen), "");

    seen.stack_changed = true;
    EXPECT_NE(advice_on_change(seen).find("seance down, then seance up"), std::string::npos);
}

}  // namespace
}  // namespace seance::local
