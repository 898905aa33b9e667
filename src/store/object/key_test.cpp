#include "store/object/key.hpp"

#include <gtest/gtest.h>

namespace seance::object {
namespace {

using namespace std::string_view_literals;

TEST(ObjectKey, MayBeAnyRelativePath) {
    for (auto key : {"a", "prod/releases/1.2.3/Séance 1.2.dmg", "a..b/...", ".well-known/x", "a+b&c=%2e"})
        EXPECT_EQ(key_problem(key), "") << key;
}

TEST(ObjectKey, NeverLeavesItsStoreOrHidesBytes) {
    for (auto key : {""sv, "/a"sv, "a/"sv, "a//b"sv, ".."sv, "a/../b"sv, "./a"sv, "a\0b"sv, "a\nb"sv,
                     "a\x7f"sv, "a\\b"sv, "\xff\xfe"sv})
        EXPECT_NE(key_problem(key), "") << key;
    EXPECT_NE(key_problem(std::string(1025, 'a')), "");
    EXPECT_NE(key_problem(std::string("b/").append(256, 'a')), "");
}

}  // namespace
}  // namespace seance::object
