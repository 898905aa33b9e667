#include "platform/targets/railway/log_stream.hpp"
#include "tests/integration/railway/fixture.hpp"

namespace seance::railway {
namespace {

Awaitable<std::vector<LogLine>> first_lines(LogStream& log, std::size_t count) {
    std::vector<LogLine> out;
    while (out.size() < count) {
        auto lines = co_await log.next();
        if (!lines) throw std::runtime_error(lines.error().what);
        for (auto& line : *lines) out.push_back(std::move(line));
        if (log.completed()) break;
    }
    co_return out;
}

}  // namespace

class RailwayLogs : public RailwayTest {
  protected:
    void SetUp() override {
        RailwayTest::SetUp();
        if (IsSkipped()) return;
        service = make_service("backend");
        set_image(service, "docker.io/seance/backend:1");
        id = deploy();
    }
    DeploymentId deploy() {
        auto made = must(api->deploy(place.environment, service));
        for (auto end = Clock::now() + std::chrono::seconds(20);;) {
            LogQuery query;
            if (!must(api->deployment_logs(made, query)).empty()) return made;
            if (Clock::now() > end) throw std::runtime_error("the deployment says nothing");
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }
    LogStreamOptions stream_options() {
        LogStreamOptions out;
        out.backoff_scale = 0.001;
        out.on_note = [this](std::string_view note) { notes.emplace_back(note); };
        return out;
    }
    ServiceId service;
    DeploymentId id;
    std::vector<std::string> notes;
};

TEST_F(RailwayLogs, AreReadByQuery) {
    LogQuery query;

    auto lines = must(api->deployment_logs(id, query));

    ASSERT_FALSE(lines.empty());
    EXPECT_EQ(lines[0].service, service);
    EXPECT_EQ(lines[0].deployment, id);
    EXPECT_FALSE(must(api->environment_logs(place.environment, query)).empty());
    must(api->http_logs(id, query));
    query.limit = 1;
    for (int i = 0; i < 4; ++i) EXPECT_EQ(must(api->deployment_logs(id, query)).size(), 1u);
}

TEST_F(RailwayLogs, AreFollowedForADeploymentAndForAnEnvironment) {
    LogStream one(*api, LogStream::Source::Deployment, id.text(), stream_options());
    LogStream all(*api, LogStream::Source::Environment, place.environment.text(), stream_options());

    EXPECT_FALSE(get(first_lines(one, 1)).empty());
    EXPECT_FALSE(get(first_lines(all, 1)).empty());
    EXPECT_TRUE(notes.empty()) << notes[0];
}

TEST_F(RailwayLogs, GoOnWhenTheServerClosesTheConnection) {
    LogStream log(*api, LogStream::Source::Environment, place.environment.text(), stream_options());
    auto before = get(first_lines(log, 1));
    emulator()->control(R"({"closeSockets":1001})");
    auto more = deploy();
    LogQuery query;

    std::vector<LogLine> seen = before;
    auto expected =
        must(api->deployment_logs(id, query)).size() + must(api->deployment_logs(more, query)).size();
    while (seen.size() < expected)
        for (auto& line : get(first_lines(log, 1))) seen.push_back(std::move(line));

    for (std::size_t i = 0; i < seen.size(); ++i)
        for (std::size_t k = i + 1; k < seen.size(); ++k) EXPECT_FALSE(seen[i] == seen[k]) << seen[i].message;
    EXPECT_FALSE(notes.empty());
}

TEST_F(RailwayLogs, ArePolledWhereUpgradesAreRefused) {
    emulator()->control(R"({"refuseUpgrades":true})");
    LogStream log(*api, LogStream::Source::Deployment, id.text(), stream_options());

    auto lines = get(first_lines(log, 1));

    emulator()->control(R"({"refuseUpgrades":false})");
    EXPECT_FALSE(lines.empty());
    ASSERT_FALSE(notes.empty());
    EXPECT_THAT(notes[0], testing::HasSubstr("polling"));
}

TEST_F(RailwayLogs, AreRefusedForADeploymentThatDoesNotExist) {
    LogStream log(*api, LogStream::Source::Deployment, "00000000-0000-0000-0000-000000000000",
                  stream_options());

    auto reply = get(log.next());

    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, FailureKind::NotFound) << reply.error().what;
}

}  // namespace seance::railway
