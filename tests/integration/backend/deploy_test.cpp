#include <sys/mount.h>

#include <cstring>

#include "tests/integration/backend/backend_process.hpp"

namespace seance {
namespace {

using namespace testing_support;
namespace fs = std::filesystem;

TEST(BackendDeploy, PublishesWhatCanBeReadBack) {
    Backend backend;

    auto answer = backend.deploy("{\"files\":[" + entry("releases/test.txt", "hello") + "," +
                                 entry("releases/a b.yml", "v: 1") + "]}");

    ASSERT_EQ(answer.status, 200) << answer.body;
    auto json = answer.json();
    EXPECT_EQ(json.at("success"), true);
    EXPECT_EQ(json.at("filesDeployed"), 2);
    EXPECT_EQ(json.at("files").at(0),
              boost::json::parse(
                  R"({"path":"releases/test.txt","url":"http://cdn.test/prod/releases/test.txt","size":5})"));
    EXPECT_EQ(json.at("files").at(1).at("url"), "http://cdn.test/prod/releases/a%20b.yml");
    EXPECT_TRUE(json.at("timestamp").is_string());
    EXPECT_EQ(backend.object("prod/releases/test.txt"), "hello");
    EXPECT_NE(backend.object(".meta/prod/releases/a b.yml").find("text/yaml"), std::string::npos);
    EXPECT_FALSE(fs::exists(backend.objects() / "prod/.staging"));
}

TEST(BackendDeploy, ReplacesAPublishedFile) {
    Backend backend;

    backend.deploy("{\"files\":[" + entry("version.json", "1") + "]}");
    backend.deploy("{\"files\":[" + entry("version.json", "2") + "]}");

    EXPECT_EQ(backend.object("prod/version.json"), "2");
}

TEST(BackendDeploy, PublishesNothingOfARequestWithOneBadEntry) {
    Backend backend;

    auto answer =
        backend.deploy("{\"files\":[" + entry("good.txt", "x") + R"(,{"path":"../bad","content":""}]})");

    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.text("error"), "Invalid file path");
    EXPECT_EQ(answer.json().at("index"), 1);
    EXPECT_EQ(backend.files_below(backend.objects()), 0u);
}

TEST(BackendDeploy, RefusesFromTheHeadAloneWithoutWaitingForTheBody) {
    Backend backend;
    auto refused = [&](const std::string& fields) {
        RawClient client(backend.port());
        client.sends("POST /deploy HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n");
        return split_answer(client.receives_all());
    };
    auto key = "X-Builder-Key: " + kBuilderKey + "\r\n";

    auto missing = refused("Content-Length: 90000000\r\n");
    auto unknown = refused("X-Builder-Key: b\r\nContent-Length: 90000000\r\n");
    auto large = refused(key + "Content-Length: 104857601\r\n");
    auto form = refused(key + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n");

    EXPECT_EQ(missing.status, 401);
    EXPECT_EQ(missing.body, R"({"error":"Missing builder key"})");
    EXPECT_EQ(unknown.body, R"({"error":"Invalid builder key"})");
    EXPECT_EQ(large.status, 413);
    EXPECT_NE(large.text("message").find("MAX_DEPLOY_BODY"), std::string::npos);
    EXPECT_EQ(form.status, 415);
}

TEST(BackendDeploy, StopsReadingAnUndeclaredBodyAtItsLimit) {
    Backend backend(Child::Environment{{"MAX_DEPLOY_BODY", "100000"}});
    RawClient client(backend.port());

    client.sends("POST /deploy HTTP/1.1\r\nHost: test\r\nX-Builder-Key: " + kBuilderKey +
                 "\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.sends("20000\r\n" + std::string(0x20000, 'x') + "\r\n");

    EXPECT_EQ(client.receives_head().substr(0, 12), "HTTP/1.1 413");
}

TEST(BackendDeploy, AnswersHealthWhileALargeDeploymentRuns) {
    Backend backend;
    std::string body = "{\"files\":[" + entry("large.dmg", std::string(40 << 20, 'x')) + "]}";
    HttpAnswer deployed;
    std::thread builder([&] { deployed = backend.deploy(body); });
    auto slowest = std::chrono::milliseconds(0);
    int answers = 0;

    while (!fs::exists(backend.objects() / "prod/large.dmg") && answers < 20'000) {
        auto began = std::chrono::steady_clock::now();
        EXPECT_EQ(backend.get("/health").status, 200);
        slowest = std::max(slowest, std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::steady_clock::now() - began));
        ++answers;
    }
    builder.join();

    EXPECT_EQ(deployed.status, 200) << deployed.body;
    EXPECT_LT(slowest.count(), 1000) << "over " << answers << " answers";
}

TEST(BackendDeploy, FinishesADeploymentAfterSigterm) {
    Backend backend;
    auto body = "{\"files\":[" + entry("late.txt", "made it") + "]}";
    RawClient client(backend.port());
    client.sends("POST /deploy HTTP/1.1\r\nHost: test\r\nX-Builder-Key: " + kBuilderKey +
                 "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.receives_head().substr(0, 12), "HTTP/1.1 100");

    backend.process().send(SIGTERM);
    client.sends(body);

    EXPECT_EQ(client.receives_head().substr(0, 12), "HTTP/1.1 200");
    EXPECT_EQ(backend.process().wait(), 0);
    EXPECT_EQ(backend.object("prod/late.txt"), "made it");
}

TEST(BackendDeploy, KeepsTheOldFilesWhenTheDiskIsFull) {
    TemporaryFolder folder;
    if (mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=1m") != 0)
        GTEST_SKIP() << "seance-backend on a full disk: mounting a tmpfs needs root: "
                     << std::strerror(errno);
    {
        Backend backend(Child::Environment{{"OBJECT_DIRECTORY", folder.path().string()}});
        EXPECT_EQ(backend.deploy("{\"files\":[" + entry("a.txt", "old") + "]}").status, 200);

        auto answer = backend.deploy("{\"files\":[" + entry("a.txt", "new") + "," +
                                     entry("b.bin", std::string(2 << 20, 'x')) + "]}");

        EXPECT_EQ(answer.status, 503);
        EXPECT_NE(answer.text("message").find("full"), std::string::npos) << answer.body;
        EXPECT_EQ(backend.object("prod/a.txt"), "old");
        EXPECT_EQ(backend.files_below(folder.path()), 2u);  // the file and what is known about it
        EXPECT_EQ(backend.get("/health").json().at("store").at("status"), "working") << "cleaning up worked";
    }
    umount(folder.path().c_str());
}

TEST(BackendDeploy, NeverLogsAKey) {
    Backend backend;

    backend.deploy("{}", "wrong-key-value");
    backend.deploy("{\"files\":[]}");
    backend.process().send(SIGTERM);
    backend.process().wait();

    EXPECT_EQ(backend.log().find("wrong-key-value"), std::string::npos);
    EXPECT_EQ(backend.log().find(kBuilderKey), std::string::npos);
}

}  // namespace
}  // namespace seance
