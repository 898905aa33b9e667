#include "services/litellm/domain/json_edit.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {
namespace {

template <class Change>
std::string edited(std::string text, Change change) {
    auto root = parse_json(text);
    JsonEdit edit(*root);
    change(edit);
    auto out = edit.text();
    EXPECT_TRUE(parse_json(out)) << out;
    return out;
}

}  // namespace

TEST(JsonEdit, ChangesOnlyTheBytesOfOneValue) {
    EXPECT_EQ(edited("{ \"a\" : 1.0e0 ,\n \"model\" :\"x\", \"z\":12345678901234567890 }",
                     [](auto& e) { e.set("model", "\"yy\""); }),
              "{ \"a\" : 1.0e0 ,\n \"model\" :\"yy\", \"z\":12345678901234567890 }");
}

TEST(JsonEdit, LeavesAnUnchangedObjectAlone) {
    EXPECT_EQ(edited("{ \"a\":1 }", [](auto& e) { e.fill("a", "2"); }), "{ \"a\":1 }");
}

TEST(JsonEdit, ChangesEveryMemberOfAName) {
    EXPECT_EQ(edited("{\"m\":1,\"b\":2,\"m\":3}", [](auto& e) { e.set("m", "9"); }),
              "{\"m\":9,\"b\":2,\"m\":9}");
}

TEST(JsonEdit, RemovesAnywhereAndAddsAtTheEnd) {
    auto remove = [](std::string_view key) { return [key](JsonEdit& e) { e.remove(key); }; };

    EXPECT_EQ(edited("{\"a\":1,\"b\":2,\"c\":3}", remove("a")), "{\"b\":2,\"c\":3}");
    EXPECT_EQ(edited("{\"a\":1,\"b\":2,\"c\":3}", remove("b")), "{\"a\":1,\"c\":3}");
    EXPECT_EQ(edited("{\"a\":1,\"b\":2,\"c\":3}", remove("c")), "{\"a\":1,\"b\":2}");
    EXPECT_EQ(edited("{\"a\":1}", remove("a")), "{}");
    EXPECT_EQ(edited("{ }", [](auto& e) { e.set("a\"", "1"); }), "{\"a\\\"\":1}");
    EXPECT_EQ(edited("{\"a\":1}",
                     [](auto& e) {
                         e.remove("a");
                         e.set("a", "2");
                     }),
              "{\"a\":2}");
    EXPECT_EQ(edited("{\"a\":1}",
                     [](auto& e) {
                         e.set("b", "2");
                         e.remove("b");
                     }),
              "{\"a\":1}");
}

TEST(JsonEdit, RemovesPaths) {
    auto text = "{\"a\":{\"b\":1,\"c\":2},\"t\":[{\"x\":1,\"y\":2}, 5 ,{\"x\":3}],\"n\":null}";

    EXPECT_EQ(edited(text, [](auto& e) { e.remove_path("a.b"); }),
              "{\"a\":{\"c\":2},\"t\":[{\"x\":1,\"y\":2}, 5 ,{\"x\":3}],\"n\":null}");
    EXPECT_EQ(edited(text, [](auto& e) { e.remove_path("t[*].x"); }),
              "{\"a\":{\"b\":1,\"c\":2},\"t\":[{\"y\":2}, 5 ,{}],\"n\":null}");
    EXPECT_EQ(edited(text,
                     [](auto& e) {
                         e.remove_path("n.x");
                         e.remove_path("zz.x");
                     }),
              text);
}

}  // namespace seance::litellm
