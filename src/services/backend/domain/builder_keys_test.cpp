#include "services/backend/domain/builder_keys.hpp"

#include <gtest/gtest.h>

#include "core/base/hash.hpp"

namespace seance::backend {
namespace {

TEST(BuilderKeys, AllowAnyKnownKeyAndNoOther) {
    BuilderKeys keys({sha256_hex("one"), sha256_hex("two")});

    EXPECT_TRUE(keys.allow("one"));
    EXPECT_TRUE(keys.allow("two"));
    EXPECT_FALSE(keys.allow("three"));
    EXPECT_FALSE(keys.allow(""));
    EXPECT_FALSE(keys.allow(sha256_hex("one")));
    EXPECT_FALSE(BuilderKeys({}).allow("one"));
}

}  // namespace
}  // namespace seance::backend
