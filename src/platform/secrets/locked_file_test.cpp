#include "platform/secrets/locked_file.hpp"

#include <gmock/gmock.h>

#include "tests/support/fake_sops.hpp"

namespace seance::secrets {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::FakeSops;

std::string mac(const std::string& more = "") {
    return "sops:\n    mac: ENC[AES256_GCM,data:x,type:str]\n" + more;
}

}  // namespace

TEST(LockedFile, TellsNamesAndHowTheyStandWithoutAnyKey) {
    const auto file = parse_locked(FakeSops::kEncrypted, "s.yaml");

    ASSERT_TRUE(file) << file.error().what;
    std::string shown;
    for (const auto& one : file->names)
        shown += one.group + "." + one.name + " " + std::to_string(one.kind) + "\n";
    EXPECT_EQ(shown,
              "backend.STRIPE_SECRET_KEY 0\n"
              "backend.RATE 0\n"
              "backend.SINCE 0\n"
              "backend.IN_CLEAR 1\n"
              "backend.EMPTY 2\n"
              "backend.LIST 3\n"
              ".SHARED 0\n");
    EXPECT_EQ(file->last_modified, "2026-11-25T10:02:14Z");
}

TEST(LockedFile, TellsWhoCanOpenIt) {
    const auto file = parse_locked(FakeSops::kEncrypted, "s.yaml");

    ASSERT_TRUE(file) << file.error().what;
    EXPECT_THAT(file->recipient_texts(), ElementsAre("age age1first", "age age1second", "pgp 0123ABCD"));
    EXPECT_EQ(file->groups_needed, 0u);
}

TEST(LockedFile, TellsEveryKindOfRecipientAndKeyGroups) {
    const auto file = parse_locked(mac("    shamir_threshold: 2\n"
                                       "    key_groups:\n"
                                       "        - hc_vault: [{vault_address: https://v, key_name: k}]\n"
                                       "          age: [{recipient: age1a}]\n"
                                       "        - kms: [{arn: 'arn:aws:kms:x'}]\n"
                                       "          gcp_kms: [{resource_id: projects/p}]\n"
                                       "        - azure_kv: [{vault_url: https://az, name: n}]\n"),
                                   "s.yaml");

    ASSERT_TRUE(file) << file.error().what;
    EXPECT_THAT(file->recipient_texts(), ElementsAre("age age1a", "hc_vault https://v k", "kms arn:aws:kms:x",
                                                     "gcp_kms projects/p", "azure_kv https://az n"));
    EXPECT_EQ(file->groups_needed, 2u);
}

TEST(LockedFile, ReadsTheJsonForm) {
    const auto file = parse_locked(
        "{\n\t\"backend\": {\n\t\t\"A\": \"ENC[AES256_GCM,data:x,type:str]\"\n\t},\n\t\"sops\": {\n\t\t"
        "\"age\": [\n\t\t\t{\n\t\t\t\t\"recipient\": \"age1a\"\n\t\t\t}\n\t\t],\n\t\t\"mac\": "
        "\"ENC[x]\"\n\t}\n}",
        "s.json");

    ASSERT_TRUE(file) << file.error().what;
    ASSERT_EQ(file->names.size(), 1u);
    EXPECT_EQ(file->names[0].name, "A");
    EXPECT_THAT(file->recipient_texts(), ElementsAre("age age1a"));
}

TEST(LockedFile, IsAnOutlineOfTheBundleForAPlan) {
    const auto file = parse_locked(FakeSops::kEncrypted, "s.yaml");
    ASSERT_TRUE(file);

    const auto bundle = file->outline();

    using Form = Value::Form;
    EXPECT_EQ(bundle.find("backend", "STRIPE_SECRET_KEY")->form, Form::Locked);
    EXPECT_EQ(bundle.find("backend", "SHARED")->form, Form::Locked);
    EXPECT_EQ(bundle.find("backend", "RATE")->form, Form::Fraction);
    EXPECT_EQ(bundle.find("backend", "LIST")->form, Form::List);
    EXPECT_EQ(bundle.find("backend", "EMPTY")->form, Form::Text);
    EXPECT_FALSE(is_usable(*bundle.find("backend", "STRIPE_SECRET_KEY")));
}

TEST(LockedFile, RefusesAFileWithoutASopsSectionOrItsChecksum) {
    for (const auto* text : {"A: b\n", "A: b\nsops: {}\n", "A: b\nsops: yes\n", "A: b\nsops: {mac: ''}\n"}) {
        const auto file = parse_locked(text, "s.yaml");
        ASSERT_FALSE(file) << text;
        EXPECT_EQ(file.error().reason, Reason::NotEncrypted) << text;
    }
}

TEST(LockedFile, SaysWhereItIsNoYamlButNotWhatStandsThere) {
    const auto file = parse_locked("A: b\nB: \"\\q sentinel\"\n", "s.yaml");
    ASSERT_FALSE(file);
    EXPECT_THAT(file.error().what, testing::AllOf(HasSubstr("s.yaml"), HasSubstr("line 2"),
                                                  testing::Not(HasSubstr("sentinel"))));
}

TEST(LockedFile, RefusesWhatIsNoMappingOfNames) {
    EXPECT_THAT(parse_locked("", "s.yaml").error().what, HasSubstr("is empty"));
    EXPECT_THAT(parse_locked(",", "s.yaml").error().what, HasSubstr("s.yaml"));
    EXPECT_THAT(parse_locked("- a\n", "s.yaml").error().what, HasSubstr("mapping"));
    EXPECT_THAT(parse_locked("a: b\n---\nc: d\n", "s.yaml").error().what, HasSubstr("several"));
    EXPECT_THAT(parse_locked("? [a]\n: b\n" + mac(), "s.yaml").error().what, HasSubstr("no text"));
}

}  // namespace seance::secrets
