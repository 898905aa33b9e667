#include <gtest/gtest.h>

#include "tests/integration/spaces/calls.hpp"
#include "tests/support/swift_server.hpp"

// The bucket client against a real S3 server that knows no CORS rules.
namespace seance::spaces {
namespace {

using namespace testing_support;
using namespace calls;
using remote::FailureKind;

struct Swift : testing::Test {
    static void SetUpTestSuite() { server = new SwiftServer(); }
    static void TearDownTestSuite() { delete server; }
    void SetUp() override {
        if (server->port() == 0 && server->is_not_installed())
            GTEST_SKIP() << "the bucket tests on Swift: " << server->reason();
        ASSERT_NE(server->port(), 0) << server->reason();
        options.endpoint = "http://127.0.0.1:" + std::to_string(server->port());
        options.bucket = "seance-test";
        options.region = "us-east-1";
        options.access_key_id = "test:tester";
        options.secret_access_key = SecretText("testing");
        options.backoff_scale = 0;
    }

    static inline SwiftServer* server = nullptr;
    BucketOptions options;
};

TEST_F(Swift, MakesABucketOnceAndForAll) {
    options.bucket = "made-by-us";
    auto before = read(options, false);
    ASSERT_TRUE(before) << what(before);
    EXPECT_FALSE(before->exists);

    for (int i = 0; i < 2; ++i) {
        auto made = create(options);
        EXPECT_TRUE(made) << what(made);
    }

    auto after = read(options, false);
    EXPECT_TRUE(after && after->exists) << what(after);
}

TEST_F(Swift, SaysThatItHasNoRules) {
    auto state = read(options, true);
    auto written = set_cors(options, {"https://seance.dev"});

    EXPECT_TRUE(failed(state, FailureKind::User, "does not support this call")) << what(state);
    EXPECT_TRUE(failed(written, FailureKind::User, "does not support this call")) << what(written);
}

TEST_F(Swift, RefusesTheWrongSecret) {
    options.secret_access_key = SecretText("wrong-secret");

    auto state = read(options, false);
    auto made = create(options);

    EXPECT_TRUE(failed(state, FailureKind::Auth, "SPACES_SECRET_ACCESS_KEY")) << what(state);
    EXPECT_TRUE(failed(made, FailureKind::Auth, "SPACES_SECRET_ACCESS_KEY")) << what(made);
    EXPECT_EQ(what(state).find("wrong-secret"), std::string::npos);
}

TEST_F(Swift, NamesTheRightRegion) {
    options.region = "sfo3";

    auto state = read(options, false);

    EXPECT_TRUE(
        failed(state, FailureKind::User, "sfo3 is the wrong region or endpoint for the bucket seance-test"))
        << what(state);
    EXPECT_TRUE(failed(state, FailureKind::User, "us-east-1")) << what(state);
}

}  // namespace
}  // namespace seance::spaces
