#include "services/litellm/config/node.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {

using testing::HasSubstr;

namespace {
Outcome<Node> parse(const std::string& text) {
    Notes notes;
    return parse_yaml(text, "c.yaml", notes);
}
}  // namespace

TEST(Node, BecomesJsonWithItsDigitsAsWritten) {
    auto node = parse(
        "{a: 1e-7, b: 12345678901234567890, c: 'x\"y', d: yes, e: ~, f: [1.50, True, '2'], g: 1_000, h: +3}");

    ASSERT_TRUE(node.has_value());
    EXPECT_EQ(to_json(*node),
              "{\"a\":1e-7,\"b\":12345678901234567890,\"c\":\"x\\\"y\",\"d\":true,\"e\":null,"
              "\"f\":[1.50,true,\"2\"],\"g\":1000,\"h\":3}");
}

TEST(Node, RefusesAliasesThatExplodeOrContainThemselves) {
    std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
    for (int i = 1; i < 9; ++i) {
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 10; ++j) bomb += "*a" + std::to_string(i - 1) + ",";
        bomb += "]\n";
    }

    EXPECT_THAT(parse(bomb).error().what, HasSubstr("unfold to more than"));
    EXPECT_FALSE(parse("a: &a [*a]").has_value());
    EXPECT_FALSE(parse(std::string(5000, '[')).has_value());
}

TEST(Node, NamesTheLineOfASyntaxError) {
    EXPECT_THAT(parse("a: 1\nb: [\n").error().what, HasSubstr("c.yaml:3: is not valid YAML"));
}

TEST(Node, TheLastOfEqualKeysCounts) {
    Notes notes;

    auto node = parse_yaml("a: 1\na: 2\n", "c.yaml", notes);

    EXPECT_EQ(node->find("a")->text, "2");
    EXPECT_EQ(notes.warnings.at(0), "c.yaml:2: a is set twice; the last one counts");
}

TEST(Node, WhatTheMapSaysWinsOverWhatItMerges) {
    auto node = parse("x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz: {c: 5, <<: [*x, *y]}");

    EXPECT_EQ(to_json(*node->find("z")), "{\"c\":5,\"a\":1,\"b\":2}");
}

}  // namespace seance::litellm
