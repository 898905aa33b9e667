#include "platform/remote/json_view.hpp"

#include <gtest/gtest.h>

namespace seance::remote {
namespace {

TEST(JsonView, ReadsWhatIsThere) {
    auto value = parse_json(R"({"a":{"b":"text","n":3.0,"f":2.5,"yes":true}})");
    ASSERT_TRUE(value);
    auto a = JsonView(*value)["a"];

    EXPECT_EQ(a["b"].text(), "text");
    EXPECT_EQ(a["n"].integer(), 3);
    EXPECT_EQ(a["f"].number(), 2.5);
    EXPECT_EQ(a["yes"].boolean(), true);
}

TEST(JsonView, ReadsWhatIsAbsentNullOrOfAnotherTypeAsAbsent) {
    auto value = parse_json(R"({"null":null,"text":"1","f":2.5,"huge":1e300,"big":18446744073709551615})");
    ASSERT_TRUE(value);
    JsonView view(*value);

    EXPECT_FALSE(view["no"]["deeper"].present());
    EXPECT_FALSE(view["null"].present());
    EXPECT_FALSE(view["text"].integer());
    EXPECT_FALSE(view["text"]["member"].text());
    EXPECT_FALSE(view["f"].integer());
    EXPECT_FALSE(view["huge"].integer());
    EXPECT_FALSE(view["big"].integer());
    EXPECT_FALSE(JsonView().number());
    EXPECT_TRUE(view["f"].items().empty());
}

TEST(JsonView, LeavesOutWhatIsNoNodeOfAConnection) {
    auto value = parse_json(R"({"edges":[{"node":{"id":"1"}},{"node":null},{},7,{"node":{"id":"2"}}]})");
    ASSERT_TRUE(value);

    auto nodes = JsonView(*value).nodes();

    ASSERT_EQ(nodes.size(), 2u);
    EXPECT_EQ(nodes[1]["id"].text(), "2");
}

TEST(JsonView, RefusesWhatIsNotJsonOrTooDeep) {
    EXPECT_FALSE(parse_json("<html>"));
    EXPECT_FALSE(parse_json(""));
    EXPECT_TRUE(parse_json(std::string(60, '[') + std::string(60, ']')));
    EXPECT_FALSE(parse_json(std::string(kMostJsonDepth + 1, '[') + std::string(kMostJsonDepth + 1, ']')));
}

}  // namespace
}  // namespace seance::remote
