#include "platform/secrets/bundle_json.hpp"

#include <gmock/gmock.h>

#include "platform/stack/parse.hpp"

namespace seance::secrets {

namespace {

std::string text_at(const Bundle& bundle, const char* group, const char* name) {
    const auto* value = bundle.find(group, name);
    return value == nullptr ? "(none)" : value->text.reveal();
}

}  // namespace

TEST(ParseBundle, ReadsGroupsAndTheFlatForm) {
    const auto bundle = parse_bundle(R"({"backend": {"A": "1", "B": ""}, "litellm": {}, "C": "3"})");

    ASSERT_TRUE(bundle) << bundle.error().what;
    EXPECT_EQ(text_at(*bundle, "backend", "A"), "1");
    EXPECT_EQ(text_at(*bundle, "backend", "B"), "");
    EXPECT_EQ(text_at(*bundle, "backend", "C"), "3");
    EXPECT_EQ(text_at(*bundle, "litellm", "C"), "3");
    EXPECT_EQ(text_at(*bundle, "litellm", "A"), "(none)");
    EXPECT_TRUE(bundle->groups.contains("litellm"));
}

TEST(ParseBundle, WritesWholeNumbersAndTruthValuesAsText) {
    const auto bundle =
        parse_bundle(R"({"A": 8080, "B": -1, "C": 18446744073709551615, "D": true, "E": false, "F": null})");

    ASSERT_TRUE(bundle) << bundle.error().what;
    EXPECT_EQ(text_at(*bundle, "", "A"), "8080");
    EXPECT_EQ(text_at(*bundle, "", "B"), "-1");
    EXPECT_EQ(text_at(*bundle, "", "C"), "18446744073709551615");
    EXPECT_EQ(text_at(*bundle, "", "D"), "true");
    EXPECT_EQ(text_at(*bundle, "", "E"), "false");
    EXPECT_EQ(text_at(*bundle, "", "F"), "");
}

TEST(ParseBundle, KeepsTheFormOfWhatIsNoText) {
    const auto bundle = parse_bundle(
        R"({"s": {"L": ["x"], "M": {"x": {"y": 1}}, "F": 3.1, "G": 123456789012345678901234}, "L": []})");

    ASSERT_TRUE(bundle) << bundle.error().what;
    using Form = Value::Form;
    EXPECT_EQ(bundle->find("s", "L")->form, Form::List);
    EXPECT_EQ(bundle->find("s", "M")->form, Form::Mapping);
    EXPECT_EQ(bundle->find("s", "F")->form, Form::Fraction);
    EXPECT_EQ(bundle->find("s", "G")->form, Form::Fraction);
    EXPECT_EQ(bundle->find("", "L")->form, Form::List);
}

TEST(ParseBundle, KeepsEveryCharacterOfAValue) {
    const auto bundle = parse_bundle(R"({"A": "Schl\u00fcssel \ud83d\udd11\n\t\"\\ $x", "B": "a\u0000b"})");

    ASSERT_TRUE(bundle) << bundle.error().what;
    EXPECT_EQ(text_at(*bundle, "", "A"), "Schlüssel 🔑\n\t\"\\ $x");
    EXPECT_EQ(bundle->flat.at("B").text.reveal(), std::string("a\0b", 3));
}

TEST(ParseBundle, KeepsAValueLongerThanTheParsersOwnMemory) {
    const std::string value(100'000, 'v');

    const auto bundle = parse_bundle("{\"A\": \"" + value + "\"}");

    ASSERT_TRUE(bundle) << bundle.error().what;
    EXPECT_EQ(text_at(*bundle, "", "A"), value);
}

TEST(ParseBundle, SaysWhereItIsNoJsonButNotWhatStandsThere) {
    for (const auto* text : {"", "sentinel", "{\"A\": \"sentinel", "{\"A\": \"x\"} sentinel",
                             "[\"sentinel\"]", "\"sentinel\"", "{\"A\": \"\xff\"}", "{\"A\": 'sentinel'}"}) {
        const auto bundle = parse_bundle(text);
        ASSERT_FALSE(bundle) << text;
        EXPECT_EQ(bundle.error().reason, Reason::Invalid);
        EXPECT_THAT(bundle.error().what, testing::Not(testing::HasSubstr("sentinel")));
    }
}

TEST(ParseBundle, RefusesWhatIsNestedBeyondReason) {
    std::string deep = "{\"A\": ";
    for (int i = 0; i < 1000; ++i) deep += '[';
    EXPECT_FALSE(parse_bundle(deep));
}

TEST(Bundle, GivesAServiceWhatItDeclaresAndItsGroupGoesFirst) {
    const auto parsed = stack::parse_stack(R"(
project: shop
registry: docker.io/shop
environments:
  production: {target: railway, domain: shop.dev, secrets: s.yaml, require: {api: [KEY]}}
services:
  api: {source: src/api, port: 80, secrets: [SHARED, OWN, EMPTY, LIST, ABSENT]}
  web: {source: src/web, port: 80, secrets: [SHARED]}
  db: {source: src/db, port: 80}
)");
    ASSERT_TRUE(parsed.problems.empty());
    const auto bundle = parse_bundle(R"({
        "api": {"OWN": "api's", "KEY": "k", "UNDECLARED": "u", "EMPTY": "", "LIST": []},
        "db": {"OWN": "db's"},
        "SHARED": "both", "OWN": "flat", "OTHER": "o"})");
    ASSERT_TRUE(bundle);

    const auto all = variables_of(*bundle, parsed.stack, parsed.stack.environments[0]);

    std::string shown;
    for (const auto& [service, variables] : all)
        for (const auto& [name, value] : variables)
            shown += service + "." + name + "=" + value.reveal() + "\n";
    EXPECT_EQ(shown, "api.KEY=k\napi.OWN=api's\napi.SHARED=both\nweb.SHARED=both\n");
}

}  // namespace seance::secrets
