#include "services/litellm/domain/json_text.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {

TEST(JsonText, TakesWhatJsonIsAndNothingElse) {
    for (auto good : {"{}", "[]", " {\"a\" : [1 , -0.5e+10, true,false , null, \"\\u00e9\\n\"]} ",
                      "\"\\ud800\"", "0", "{\"a\":{},\"a\":[]}"})
        EXPECT_TRUE(parse_json(good)) << good;
    for (auto bad :
         {"",          "{",   "[1,]", "{\"a\":1,}", "{,}",    "{\"a\"}", "{a:1}",       "01",    "1.",
          ".5",        "+1",  "nul",  "truefalse",  "\"\n\"", "\"\\x\"", "\"\\u12g4\"", "[1] x", "[1 2]",
          "{\"a\":1]", "NaN", "'a'",  "\"a",        "-",      "1e",      "\"\xff\"",    "]"})
        EXPECT_FALSE(parse_json(bad)) << bad;
}

TEST(JsonText, SurvivesAnyDepth) {
    auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };

    EXPECT_TRUE(parse_json(nested(1000)));
    EXPECT_FALSE(parse_json(nested(3'000'000)));
}

TEST(JsonText, FindsTheLastMemberOfAName) {
    auto root = parse_json("{\"a\":1,\"\\u0061\":{\"b\":\"x\\ud83d\\ude00\\ud800y\"}}");

    EXPECT_EQ(json_text(json_find(*root, {"a", "b"})), "x\xF0\x9F\x98\x80\xEF\xBF\xBDy");
    EXPECT_FALSE(json_find(*root, {"a", "c"}));
    EXPECT_FALSE(json_find(*root, {"a", "b", "c"}));
}

TEST(JsonText, FindsSeveralMembersInOnePass) {
    auto root = parse_json(R"({"a":1,"b":{"c":2},"\u0061":3,"d":null})");

    const auto [a, c, d, b] = json_find_all(*root, {"a", "c", "d", "b"});

    EXPECT_EQ(a->text, "3");
    EXPECT_FALSE(c);
    EXPECT_TRUE(d->is(JsonKind::Null));
    EXPECT_EQ(b->text, R"({"c":2})");
    EXPECT_FALSE(json_find_all(*parse_json("[1]"), {"a"})[0]);
}

TEST(JsonText, ListsElements) {
    auto root = parse_json("[ 1 , [2,3],{\"x\":\"]\"} ]");

    auto elements = json_elements(*root);

    ASSERT_EQ(elements.size(), 3u);
    EXPECT_EQ(elements[1].text, "[2,3]");
    EXPECT_EQ(elements[2].text, "{\"x\":\"]\"}");
    EXPECT_TRUE(json_elements(*parse_json("[ ]")).empty());
}

// Strings are read sixteen bytes at a time.
TEST(JsonText, FindsTheEndOfAValueWhateverItHolds) {
    const std::string values[] = {R"("]}\"{[\\")",
                                  R"({"a":["}",{"b":"]\""}],"c":{}})",
                                  R"([[],[{}],"\\",[1,[2]]])",
                                  "-1.5e+3",
                                  "true",
                                  "null",
                                  "{}",
                                  "[ ]"};
    for (auto& value : values)
        for (std::size_t pad = 0; pad < 40; ++pad) {
            auto text = "{\"p\":\"" + std::string(pad, 'x') + "\", \"v\" : " + value + " ,\"last\":[" +
                        value + " , " + value + "]}";
            auto object = parse_json(text);
            ASSERT_TRUE(object) << text;

            auto members = json_members(*object);
            ASSERT_EQ(members.size(), 3u) << text;
            EXPECT_EQ(members[1].value.text, value) << text;
            auto elements = json_elements(members[2].value);
            ASSERT_EQ(elements.size(), 2u) << text;
            EXPECT_EQ(elements[0].text, value) << text;
            EXPECT_EQ(elements[1].text, value) << text;
        }
}

TEST(JsonText, FindsTheEndOfAStringAtEveryOffset) {
    for (std::size_t size = 0; size < 70; ++size) {
        std::string text(size, 'x');
        EXPECT_EQ(json_text(*parse_json("\"" + text + "\"")), text);
        for (std::size_t at = 0; at < size; ++at) {
            auto quoted = text, broken = text;
            quoted.replace(at, 1, "\\\"");
            broken[at] = '\x1f';
            EXPECT_TRUE(parse_json("\"" + quoted + "\"")) << size << " " << at;
            EXPECT_FALSE(parse_json("\"" + broken + "\"")) << size << " " << at;
        }
    }
}

}  // namespace seance::litellm
