#include "platform/images/native_builder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::images {
namespace {

using namespace testing_support;
using testing::HasSubstr;

Awaitable<void> build_all_into(ImageBuilder& builder, std::vector<BuildOrder> orders,
                               std::vector<Attempt<BuiltImage>>& out) {
    out = co_await build_all(builder, std::move(orders));
}
Awaitable<void> push_into(ImageBuilder& builder, BuiltImage image, Attempt<Pushed>& out) {
    OnProgress none;
    out = co_await builder.push(std::move(image), std::move(none));
}

struct NativeBuilderTest : testing::Test {
    TemporaryFolder folder;
    Worker worker{2};
    Loop loop;
    NativeImages images{[this] {
        NativeOptions options;
        options.certificates = write("ca.crt", "certificates");
        return options;
    }()};
    NativeBuilder builder{worker, images, nullptr};

    std::string write(const std::string& name, const std::string& content) {
        auto path = folder.path() / name;
        std::ofstream(path) << content;
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return path.string();
    }
    BuildOrder order(const std::string& program) {
        BuildOrder order;
        order.spec.name = std::filesystem::path(program).filename();
        order.spec.program = program;
        order.commit = {"0123456789abcdef0123456789abcdef01234567", 1'764'000'000, ""};
        order.target = *parse_reference("localhost:1/" + order.spec.name + ":0123456");
        return order;
    }
    std::vector<Attempt<BuiltImage>> built(std::vector<BuildOrder> orders) {
        std::vector<Attempt<BuiltImage>> out;
        run(loop, build_all_into(builder, std::move(orders), out));
        return out;
    }
};

TEST_F(NativeBuilderTest, BuildsAllAndSaysWhichOneFailed) {
    auto all = built({order("/bin/true"), order("/nowhere/program"), order("/bin/false")});

    ASSERT_EQ(all.size(), 3u);
    ASSERT_TRUE(all[0] && all[2]);
    EXPECT_EQ(all[0]->name, "true");
    EXPECT_EQ(all[2]->name, "false");
    EXPECT_EQ(all[0]->digest, all[0]->image->digest());
    EXPECT_EQ(all[0]->image->layers[0].digest, all[2]->image->layers[0].digest);
    EXPECT_EQ(all[1].error().kind, FailureKind::User);
    EXPECT_THAT(all[1].error().what, HasSubstr("/nowhere/program of program is not built"));
}

TEST_F(NativeBuilderTest, RefusesAProgramOfAnotherCommit) {
    auto stale = order(write("stale", "#!/bin/sh\necho app fedcba9\n"));
    auto mute = order(write("mute", "#!/bin/sh\necho no idea\n"));
    auto right = order(write("right", "#!/bin/sh\necho app 0123456\n"));
    stale.spec.prints_commit = mute.spec.prints_commit = right.spec.prints_commit = true;

    auto all = built({stale, mute, right});

    EXPECT_EQ(all[0].error().what,
              stale.spec.program +
                  " was built from commit fedcba9, not from commit 0123456; run cmake --preset "
                  "release, then ./dev build");
    EXPECT_THAT(all[1].error().what, HasSubstr("was built from no commit that it can name"));
    EXPECT_THAT(all[2].error().what, HasSubstr("is not a program")) << "its commit is right; it is a script";
}

TEST_F(NativeBuilderTest, NeedsARegistryToPush) {
    auto all = built({order("/bin/true")});
    Attempt<Pushed> out = Failure{};

    run(loop, push_into(builder, *all[0], out));

    EXPECT_EQ(out.error().what, "no registry was given to push true to");
}

}  // namespace
}  // namespace seance::images
