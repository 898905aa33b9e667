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
