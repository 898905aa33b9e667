#include "services/backend/settings.hpp"

#include <gtest/gtest.h>

namespace seance::backend {
namespace {

TEST(BackendSettings, NeedNothing) {
    config::Sources none;
    config::Reader read(none);

    auto settings = read_settings(read);

    EXPECT_TRUE(read.problems().empty());
    EXPECT_EQ(settings.port, 8765);
    EXPECT_EQ(settings.store, StoreKind::Directory);
}

TEST(BackendSettings, KeepThePortsApart) {
    config::Sources sources{{"ADDRESS", "127.0.0.1"}, {"PORT", "81"}, {"ADMIN_PORT", "81"}};
    config::Reader read(sources);

    read_settings(read);

    ASSERT_EQ(read.problems().size(), 1u);
    EXPECT_EQ(read.problems()[0].find("ADMIN_PORT is 81, the same as PORT"), 0u);
}

TEST(BackendSettings, TakeValkeyByPartsOrByAUrlThatIsNotShown) {
    config::Sources parts{{"REDIS_HOST", "cache"}, {"REDIS_PORT", "6380"}};
    config::Sources whole{{"REDIS_HOST", "cache"}, {"REDIS_URL", "rediss://:hunter2@cache.example/2"}};
    config::Sources wrong{{"REDIS_URL", "https://:hunter2@cache.example"}};
    config::Reader by_parts(parts), by_url(whole), refused(wrong);

    EXPECT_EQ(read_settings(by_parts).valkey.printed(), "cache:6380");
    auto valkey = read_settings(by_url).valkey;
    EXPECT_EQ(valkey.printed(), "cache.example:6379");
    EXPECT_TRUE(valkey.tls);
    read_settings(refused);
    ASSERT_EQ(refused.problems().size(), 1u);
    EXPECT_EQ(refused.problems()[0].find("REDIS_URL"), 0u);
    EXPECT_EQ(refused.problems()[0].find("hunter2"), std::string::npos);
}

TEST(BackendSettings, NameEverythingThatS3Lacks) {
    config::Sources sources{{"OBJECT_STORE", "s3"}};
    config::Reader read(sources);

    read_settings(read);

    EXPECT_EQ(read.problems().size(), 6u);
}

TEST(BackendSettings, RefuseAKeyWhereAHashBelongsWithoutShowingIt) {
    config::Sources sources{{"BUILDER_KEY_HASHES", "hunter2"}, {"SPACES_PATH_PREFIX", "../x"}};
    config::Reader read(sources);

    read_settings(read);

    ASSERT_EQ(read.problems().size(), 2u);
    for (const auto& problem : read.problems()) EXPECT_EQ(problem.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace seance::backend
