#include "store/valkey/address.hpp"

#include <gtest/gtest.h>

namespace seance::valkey {
namespace {

TEST(ValkeyAddress, TakesEveryPartOfAUrl) {
    auto address = parse_address("redis://app:p%40ss@cache.internal:6380/3");

    ASSERT_TRUE(address) << address.error().what;
    EXPECT_EQ(address->host, "cache.internal");
    EXPECT_EQ(address->port, 6380);
    EXPECT_EQ(address->user, "app");
    EXPECT_EQ(address->password.reveal(), "p@ss");
    EXPECT_EQ(address->database, 3u);
}

TEST(ValkeyAddress, HasDefaultsForWhatIsLeftOut) {
    auto address = parse_address("redis://:secret@[::1]");

    ASSERT_TRUE(address) << address.error().what;
    EXPECT_EQ(address->host, "::1");
    EXPECT_EQ(address->port, 6379);
    EXPECT_EQ(address->user, "");
    EXPECT_EQ(address->password.reveal(), "secret");
    EXPECT_EQ(address->printed(), "[::1]:6379");
}

TEST(ValkeyAddress, AsksForTlsWithItsSchemes) {
    for (auto url : {"rediss://:secret@cache.internal/2", "valkeys://:secret@cache.internal:6379/2"}) {
        auto address = parse_address(url);
        ASSERT_TRUE(address) << address.error().what;
        EXPECT_TRUE(address->tls);
        EXPECT_EQ(address->printed(), "cache.internal:6379");
        EXPECT_EQ(address->password.reveal(), "secret");
        EXPECT_EQ(address->database, 2u);
    }
    for (auto url : {"redis://h", "valkey://h"}) EXPECT_FALSE(parse_address(url)->tls) << url;
}

TEST(ValkeyAddress, AsksForTheSchemeThatIsMissing) {
    for (auto url : {"localhost:6379", "127.0.0.1:6379", "cache.internal"})
        EXPECT_NE(parse_address(url).error().what.find("write redis:// in front"), std::string::npos) << url;
}

TEST(ValkeyAddress, RefusesWhatItCannotHonourWithoutRepeatingThePassword) {
    for (auto url :
         {"localhost:6379", "http://h", "rediss://:hunter2@", "redis://", "redis://:hunter2@h/notes",
          "redis://h:99999", "redis://:hunter2@h/0?tls=1", "redis://app@h"}) {
        auto address = parse_address(url);
        ASSERT_FALSE(address) << url;
        EXPECT_EQ(address.error().what.find("hunter2"), std::string::npos) << address.error().what;
    }
}

TEST(ValkeyAddress, IsReadFromAVariableWhoseNameAProblemBears) {
    config::Sources sources{{"GOOD_URL", "redis://:secret@h:1"}, {"BAD_URL", "http://:hunter2@h"}};
    config::Reader read{sources};

    EXPECT_EQ(read_address(read, "GOOD_URL", {.about = "Where Valkey is"})->port, 1);
    EXPECT_FALSE(read_address(read, "ABSENT_URL", {.about = "Where another is"}));
    EXPECT_TRUE(read.problems().empty());
    EXPECT_FALSE(read_address(read, "BAD_URL", {.about = "Where a third is"}));

    ASSERT_EQ(read.problems().size(), 1u);
    EXPECT_EQ(read.problems()[0],
              "BAD_URL: the Valkey URL begins with http://; write redis://, or rediss:// for TLS");
    EXPECT_EQ(read.declared().size(), 3u);
    EXPECT_EQ(read.declared()[0].type, "secret");
}

}  // namespace
}  // namespace seance::valkey
