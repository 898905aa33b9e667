#include "platform/images/docker_builder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

// No engine is needed: the docker on PATH is a script that records its arguments. The test with a real one is
// in tests/integration/images.
namespace seance::images {
namespace {

using namespace testing_support;
using testing::HasSubstr;

const std::string kDigest = "sha256:" + std::string(64, 'a');

Awaitable<void> build_and_push(ImageBuilder& builder, BuildOrder order, Attempt<Pushed>& out) {
    auto built = co_await builder.build(std::move(order));
    if (!built) {
        out = built.error();
        co_return;
    }
    OnProgress none;
    out = co_await builder.push(std::move(*built), std::move(none));
}

struct DockerBuilderTest : testing::Test {
    TemporaryFolder folder;
    Loop loop;
    std::string old_path = std::getenv("PATH");
    std::filesystem::path root = folder.path() / "checkout";

    void SetUp() override {
        std::filesystem::create_directories(root / "deploy/docker");
        std::filesystem::create_directories(root / "web/landing");
        std::ofstream(root / "deploy/docker/Dockerfile") << "FROM scratch";
        setenv("PATH", (folder.path().string() + ":" + old_path).c_str(), 1);
        setenv("REGISTRY_PASSWORD", "secret", 1);
    }
    void TearDown() override {
        setenv("PATH", old_path.c_str(), 1);
        unsetenv("REGISTRY_PASSWORD");
    }
    void docker(const std::string& script) {
        auto path = folder.path() / "docker";
        std::ofstream(path) << "#!/bin/sh\nlog=" << folder.path().string() << "/log\n"
                            << "for argument; do printf '<%s>' \"$argument\" >>$log; done; echo >>$log\n"
                            << "[ \"$2\" = version ] || echo \"$SOURCE_DATE_EPOCH $(pwd)\" >>$log.env\n"
                            << script << "\n";
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    }
    std::string read(const std::string& name) {
        std::stringstream text;
        text << std::ifstream(folder.path() / name).rdbuf();
        return text.str();
    }
    BuildOrder order() {
        BuildOrder order;
        order.spec.name = "landing";
        order.spec.program = "build/bin/seance-landing";
        order.spec.port = 80;
        order.spec.env = {{"LANDING_ROOT", "/srv/$landing"}};
        order.spec.files = {{(root / "web/landing").string(), "/srv/landing"}};
        order.commit = {"0123456789abcdef0123456789abcdef01234567", 1'764'000'000, ""};
        order.target = *parse_reference("docker.io/seance/landing:0123456");
        return order;
    }
    Attempt<Pushed> run_all(BuildOrder what) {
        DockerOptions options;
        options.root = root.string();
        DockerBuilder builder(options);
        Attempt<Pushed> out = Failure{};
        run(loop, build_and_push(builder, std::move(what), out));
        return out;
    }
};

const std::string kInspect = "case \"$*\" in image*) echo '[\"other/x@" + kDigest +
                             "\",\"seance/landing@sha256:" + std::string(64, 'b') + "\"]';; esac";

TEST_F(DockerBuilderTest, SaysToDockerExactlyThis) {
    docker("[ \"$2\" != build ] || cat > $log.dockerfile\n" + kInspect);

    auto pushed = run_all(order());

    ASSERT_TRUE(pushed) << pushed.error().what;
    EXPECT_EQ(pushed->digest, "sha256:" + std::string(64, 'b'));
    EXPECT_EQ(pushed->reference, "docker.io/seance/landing:0123456@" + pushed->digest);
    EXPECT_EQ(
        read("log"),
        "<buildx><version>\n"
        "<buildx><build><--load><--provenance=false><--progress=plain><--platform><linux/amd64><--file><->"
        "<--build-arg><SERVICE=landing><--build-arg><PROGRAM=seance-landing>"
        "<--build-arg><COMMIT=0123456789abcdef0123456789abcdef01234567>"
        "<--build-arg><FILES=web/landing=/srv/landing>"
        "<--tag><docker.io/seance/landing:0123456><.>\n"
        "<push><docker.io/seance/landing:0123456>\n"
        "<image><inspect><--format><{{json .RepoDigests}}><docker.io/seance/landing:0123456>\n");
    EXPECT_THAT(read("log.env"), HasSubstr("1764000000 " + root.string() + "\n"));
    EXPECT_EQ(read("log").find("secret"), std::string::npos);
}

TEST_F(DockerBuilderTest, EndsTheDockerfileWithWhatTheSpecSays) {
    docker("[ \"$2\" != build ] || cat > $log.dockerfile\n" + kInspect);

    ASSERT_TRUE(run_all(order()));

    EXPECT_EQ(read("log.dockerfile"),
              "FROM scratch\n"
              "ENV LANDING_ROOT=\"/srv/\\$landing\"\n"
              "EXPOSE 80\n"
              "LABEL \"org.opencontainers.image.created\"=\"2025-11-24T16:00:00Z\"\n"
              "LABEL \"org.opencontainers.image.revision\"=\"0123456789abcdef0123456789abcdef01234567\"\n"
              "LABEL \"org.opencontainers.image.title\"=\"landing\"\n"
              "LABEL \"org.opencontainers.image.version\"=\"0123456\"\n"
              "ENTRYPOINT [\"/usr/bin/seance-landing\"]\n"
              "STOPSIGNAL SIGTERM\n");
}

TEST_F(DockerBuilderTest, BuildsWithoutBuildxWhereThereIsNone) {
    docker("[ \"$1\" != buildx ] || exit 1\n" + kInspect);

    ASSERT_TRUE(run_all(order()));

    EXPECT_THAT(read("log"), HasSubstr("\n<build><--platform><linux/amd64><--file><->"));
}

TEST_F(DockerBuilderTest, SaysWhyDockerFailed) {
    docker("[ \"$2\" != build ] || { echo step 1; echo 'ERROR: no space left on device' >&2; exit 1; }");
    auto out = run_all(order());
    EXPECT_EQ(
        out.error().what,
        "building docker.io/seance/landing:0123456: docker failed with exit code 1: ERROR: no space left on "
        "device");
    EXPECT_EQ(out.error().kind, FailureKind::Api);

    docker("[ \"$2\" = version ] || { echo 'Cannot connect to the Docker daemon at unix:///x.'; exit 1; }");
    EXPECT_EQ(run_all(order()).error().kind, FailureKind::Unreachable);

    docker("[ \"$1\" != push ] || { echo 'denied: requested access to the resource is denied'; exit 1; }");
    EXPECT_EQ(run_all(order()).error().kind, FailureKind::Auth);
}

TEST_F(DockerBuilderTest, SaysThatDockerIsMissing) {
    setenv("PATH", "/nowhere", 1);

    auto out = run_all(order());

    EXPECT_EQ(out.error().kind, FailureKind::User);
    EXPECT_THAT(out.error().what,
                HasSubstr("there is no docker on PATH; install it, or use --builder native"));
}

TEST_F(DockerBuilderTest, RefusesWhatADockerfileCannotHold) {
    docker("exit 1");
    auto bad = order();
    bad.spec.files = {{"/etc/passwd", "/p"}};
    EXPECT_THAT(run_all(bad).error().what, HasSubstr("/etc/passwd is outside of"));
    bad = order();
    bad.spec.env["A"] = "1\nRUN evil";
    EXPECT_THAT(run_all(bad).error().what, HasSubstr("the value of A has several lines"));
    bad = order();
    bad.spec.files = {{(root / "a b").string(), "/p"}};
    EXPECT_THAT(run_all(bad).error().what, HasSubstr("has a space in its name"));
}

}  // namespace
}  // namespace seance::images
