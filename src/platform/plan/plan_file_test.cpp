#include "platform/plan/plan_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/support/deployed_shop.hpp"

namespace seance::plan {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

PlanFile file() {
    auto wanted = testing_support::wanted_shop();
    auto live = testing_support::deployed(wanted);
    wanted.services[1].image = "docker.io/shop/api:def@sha256:2";
    wanted.services[1].variables["TOKEN"].text = SecretText("sentinel-new");
    testing_support::set_variable(live, live.services[1], "BY_HAND", "x");
    PlanFile made;
    made.plan = diff(wanted, live);
    made.plan.notes = {"a note"};
    made.images["api"] = {wanted.services[1].image, "content", "def"};
    made.secrets_sha256 = "5ec3e7";
    return made;
}

std::string print(const PlanFile& made) {
    return json::serialize(to_json(made));
}

TEST(PlanFile, ReadsBackWhatItWrites) {
    const auto made = file();

    const auto read = parse_plan_file(print(made));

    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(read->etag(), made.etag());
    EXPECT_EQ(print(*read), print(made));
}

TEST(PlanFile, HoldsNoSecret) {
    EXPECT_THAT(print(file()), testing::Not(HasSubstr("sentinel")));
}

TEST(PlanFile, RefusesOneThatWasChangedAnywhere) {
    const std::pair<const char*, json::value> changes[] = {
        {"project", "other"},
        {"environment", "staging"},
        {"commit", "fffffff"},
        {"secrets_sha256", "0"},
        {"etag", "0"},
        {"changes", json::array{}},
        {"images", json::object{}},
        {"unmanaged", json::array{}},
        {"conflicts", json::array{"x"}},
        {"unchanged", json::array{}},
    };
    for (const auto& [key, value] : changes) {
        auto object = to_json(file());
        object[key] = value;

        const auto read = parse_plan_file(json::serialize(object));

        ASSERT_FALSE(read) << key;
        EXPECT_THAT(read.error().what, HasSubstr("it was changed after it was made")) << key;
    }
}

// What could not be looked up while building is told in notes, and differs between planning and deploying.
TEST(PlanFile, HasTheSameEtagWithOtherNotes) {
    auto other = file();
    other.plan.notes = {"another"};

    EXPECT_EQ(other.etag(), file().etag());
}

TEST(PlanFile, HasAnotherEtagWhenAnImageOrTheSecretsFileIsAnother) {
    auto image = file(), secrets = file();
    image.images["api"].reference = "docker.io/shop/api:def@sha256:3";
    secrets.secrets_sha256 = "5ec3e8";

    EXPECT_NE(image.etag(), file().etag());
    EXPECT_NE(secrets.etag(), file().etag());
}

TEST(PlanFile, RefusesWhatIsNoPlan) {
    EXPECT_THAT(parse_plan_file("hello").error().what, HasSubstr("no JSON"));
    EXPECT_THAT(parse_plan_file("[]").error().what, HasSubstr("seance -e ENV plan -o FILE"));
    EXPECT_THAT(parse_plan_file(R"({"schema":"seance.plan/2"})").error().what, HasSubstr("seance.plan/1"));
    auto unknown = to_json(file());
    unknown["changes"].as_array()[0].as_object()["kind"] = "spaceship";
    EXPECT_THAT(parse_plan_file(json::serialize(unknown)).error().what, HasSubstr("does not know"));
}

}  // namespace
}  // namespace seance::plan
