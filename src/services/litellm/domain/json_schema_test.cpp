#include "services/litellm/domain/json_schema.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace seance::litellm {
namespace {

std::string problem(std::string_view schema, std::string_view value) {
    return schema_problem(boost::json::parse(schema), boost::json::parse(value)).value_or("");
}

struct Case {
    std::string_view schema, fits, does_not;
};

}  // namespace

TEST(JsonSchema, TellsWhatFitsFromWhatDoesNot) {
    constexpr Case cases[] = {
        {R"({"type":"object"})", "{}", "[]"},
        {R"({"type":["string","null"]})", "null", "1"},
        {R"({"type":"INTEGER"})", "2.0", "2.5"},
        {R"({"type":"number"})", "2.5", "\"2.5\""},
        {R"({"const":{"a":1}})", R"({"a":1.0})", R"({"a":2})"},
        {R"({"enum":["a",1,null]})", "null", "2"},
        {R"({"required":["a"]})", R"({"a":null})", "{}"},
        {R"({"properties":{"a":{"type":"string"}}})", R"({"a":"","b":1})", R"({"a":1})"},
        {R"({"properties":{"a":{}},"additionalProperties":false})", R"({"a":1})", R"({"b":1})"},
        {R"({"additionalProperties":{"type":"number"}})", R"({"b":1})", R"({"b":"1"})"},
        {R"({"propertyNames":{"maxLength":2}})", R"({"ab":1})", R"({"abc":1})"},
        {R"({"minProperties":1,"maxProperties":2})", R"({"a":1})", "{}"},
        {R"({"dependentRequired":{"a":["b"]}})", R"({"a":1,"b":2})", R"({"a":1})"},
        {R"({"dependentSchemas":{"a":{"required":["b"]}}})", R"({"b":1})", R"({"a":1})"},
        {R"({"dependencies":{"a":["b"],"c":{"minProperties":2}}})", R"({"a":1,"b":2})", R"({"c":1})"},
        {R"({"patternProperties":{"^n_":{"type":"integer"}}})", R"({"n_a":1,"s_a":""})", R"({"n_a":""})"},
        {R"({"properties":{"a":{}},"patternProperties":{"^n_":{}},"additionalProperties":false})",
         R"({"a":1,"n_a":1})", R"({"b":1})"},
        {R"({"properties":{"n_a":{}},"patternProperties":{"^n_":{"minimum":1}}})", R"({"n_a":1})",
         R"({"n_a":0})"},
        {R"({"pattern":"^[a-z]+-\\d{2}$"})", R"("ab-12")", R"("ab-123")"},
        {R"({"propertyNames":{"pattern":"^[a-z]$"}})", R"({"a":1})", R"({"A":1})"},
        {R"({"const":9007199254740993})", "9007199254740993", "9007199254740992"},
        {R"({"enum":[{"a":[1,{"b":null}]}]})", R"({"a":[1.0,{"b":null}]})", R"({"a":[1,{"b":0}]})"},
        {R"({"items":{"type":"integer"}})", "[1,2]", "[1,\"2\"]"},
        {R"({"prefixItems":[{"type":"string"}],"items":{"type":"integer"}})", "[\"a\",1]", "[1,1]"},
        {R"({"items":[{"type":"string"}],"additionalItems":false})", "[\"a\"]", "[\"a\",1]"},
        {R"({"minItems":1,"maxItems":2})", "[1]", "[1,2,3]"},
        {R"({"uniqueItems":true})", "[1,2,{\"a\":1}]", "[1,2,1.0]"},
        {R"({"contains":{"const":1},"maxContains":1})", "[1,2]", "[1,1]"},
        {R"({"minLength":2,"maxLength":3})", "\"\u00e9\u00e9\"", "\"\u00e9\""},
        {R"({"minimum":1,"exclusiveMaximum":3})", "1", "3"},
        {R"({"exclusiveMinimum":1,"maximum":3})", "3", "1"},
        {R"({"multipleOf":0.1})", "0.3", "0.35"},
        {R"({"allOf":[{"minimum":1},{"maximum":3}]})", "2", "4"},
        {R"({"anyOf":[{"type":"string"},{"type":"null"}]})", "null", "1"},
        {R"({"oneOf":[{"minimum":1},{"maximum":3}]})", "4", "2"},
        {R"({"not":{"type":"string"}})", "1", "\"a\""},
        {R"({"if":{"type":"string"},"then":{"minLength":2},"else":{"minimum":2}})", "2", "\"a\""},
        {R"({"$defs":{"n":{"type":"integer"}},"properties":{"a":{"$ref":"#/$defs/n"}}})", R"({"a":1})",
         R"({"a":"1"})"},
        {R"({"properties":{"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},"required":["next"]})",
         R"({"next":{"next":null}})", R"({"next":{}})"},
    };
    for (auto& [schema, fits, does_not] : cases) {
        EXPECT_EQ(problem(schema, fits), "") << schema;
        EXPECT_NE(problem(schema, does_not), "") << schema;
    }
    EXPECT_EQ(problem("true", "1"), "");
    EXPECT_NE(problem("false", "1"), "");
}

TEST(JsonSchema, NamesThePlaceAndTheRule) {
    constexpr auto schema =
        R"({"properties":{"people":{"items":{"properties":{"age":{"type":"integer"}}}}}})";

    EXPECT_EQ(problem(schema, R"({"people":[{"age":1},{"age":"2"}]})"),
              "$.people[1].age must be of type \"integer\"");
    EXPECT_EQ(problem(R"({"required":["name"]})", "{}"), "$ must have the member \"name\"");
}

TEST(JsonSchema, GivesUpOnWhatWouldTakeForEver) {
    EXPECT_EQ(problem(R"({"$ref":"#"})", "1"), "$ nests too deeply to be checked");
    std::string evil = "{\"$defs\":{\"a0\":{\"const\":2}";
    for (int i = 1; i < 40; ++i) {
        auto below = "{\"$ref\":\"#/$defs/a" + std::to_string(i - 1) + "\"}";
        evil += ",\"a" + std::to_string(i) + "\":{\"anyOf\":[" + below + "," + below + "]}";
    }
    evil += "},\"$ref\":\"#/$defs/a39\"}";

    EXPECT_NE(problem(evil, "1"), "");
    std::string costly = R"({"items":{"pattern":"^)";
    for (int i = 0; i < 40; ++i) costly += "(a|aa)+b";
    costly += "\"}}";
    std::string long_text = "[\"" + std::string(1'000'000, 'a') + "\"]";

    EXPECT_EQ(problem(costly, long_text), "$[0] takes too many steps to check against this schema");
}

TEST(JsonSchema, AsksForNothingByAPatternThatItDoesNotUnderstand) {
    EXPECT_EQ(problem(R"x({"pattern":"^(?!a)"})x", "\"a\""), "");
    constexpr auto schema =
        R"x({"patternProperties":{"^(?!a)":{"type":"null"}},"additionalProperties":false})x";
    EXPECT_EQ(problem(schema, R"({"a":1})"), "") << "what is additional is not known then";
}

}  // namespace seance::litellm
