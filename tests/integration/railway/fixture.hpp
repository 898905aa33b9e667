#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "platform/targets/railway/api.hpp"
#include "tests/support/emulator.hpp"
#include "tests/support/run.hpp"

namespace seance::railway {

template <class T>
Awaitable<void> keep(Awaitable<T> work, std::optional<T>& out) {
    out = co_await std::move(work);
}

// The Railway emulator, one for all tests of a suite; each test has a project of its own in it.
class RailwayTest : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        reason() = testing_support::Emulator::missing("railway");
        if (!reason().empty()) return;
        std::vector<std::string> options{"--no-run", "--speed", "1000", "--plan", "PRO"};
        emulator() = std::make_unique<testing_support::Emulator>("railway", options);
        emulator()->control(R"({"options":{"limits":{"perSecond":0,"perHour":1000000}}})");
    }
    static void TearDownTestSuite() { emulator().reset(); }

    void SetUp() override {
        if (!reason().empty()) GTEST_SKIP() << reason();
        emulator()->control(R"({"clear":true,"forget":true})");
        graphql = std::make_unique<Graphql>(loop, account(), options());
        api = std::make_unique<Api>(*graphql);
        auto made = must(api->create_project(name(), workspace(), "production"));
        place.project = made.id;
        place.environment = made.environments.at(0).id;
    }

    static std::unique_ptr<testing_support::Emulator>& emulator() {
        static std::unique_ptr<testing_support::Emulator> one;
        return one;
    }
    static std::string& reason() {
        static std::string text;
        return text;
    }
    static std::string name() { return testing::UnitTest::GetInstance()->current_test_info()->name(); }
    static WorkspaceId workspace() { return WorkspaceId(emulator()->text("workspaceId")); }
    static Credential account() { return {TokenKind::Account, SecretText(emulator()->text("token"))}; }
    static GraphqlOptions options() {
        GraphqlOptions out;
        out.endpoint = emulator()->text("url");
        out.retry.backoff_scale = 0.001;
        out.timeout = std::chrono::seconds(10);
        return out;
    }

    template <class T>
    T get(Awaitable<T> work) {
        std::optional<T> out;
        testing_support::run(loop, keep(std::move(work), out));
        return std::move(*out);
    }
    template <class T>
    T must(Awaitable<Reply<T>> work) {
        auto reply = get(std::move(work));
        if (!reply) throw std::runtime_error(reply.error().what);
        if constexpr (!std::is_void_v<T>) return std::move(*reply);
    }
    ServiceId make_service(const std::string& service_name) {
        NewService service{service_name, ""};
        return must(api->create_service(place.project, place.environment, service)).id;
    }
    void set_image(const ServiceId& service, const std::string& image) {
        ServiceChanges changes;
        changes.image = image;
        must(api->update_service_instance(place.environment, service, changes));
    }
    // Waits for the end of a deployment, as the tool would: by asking.
    Deployment settled(const DeploymentId& id);

    Loop loop;
    std::unique_ptr<Graphql> graphql;
    std::unique_ptr<Api> api;
    Place place;  // without a service
};

}  // namespace seance::railway
