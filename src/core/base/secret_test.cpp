#include "core/base/secret.hpp"

#include <gtest/gtest.h>

namespace seance {

TEST(Secret, ComparesByValue) {
    EXPECT_TRUE(SecretText("abc") == SecretText("abc"));
    EXPECT_FALSE(SecretText("abc") == SecretText("abd"));
    EXPECT_FALSE(SecretText("abc") == SecretText("abcd"));
    EXPECT_TRUE(SecretText("") == SecretText(""));
}

}  // namespace seance
