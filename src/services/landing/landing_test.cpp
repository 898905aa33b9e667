#include <gmock/gmock.h>

#include <thread>

#include "services/landing/app.hpp"
#include "tests/support/loop_thread.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/site_folder.hpp"

namespace seance::landing {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing_support::LoopThread;
using testing_support::RawClient;
using testing_support::SiteFolder;

// The whole service on one loop and a free port.
class LandingTest : public testing::Test {
  protected:
    LandingTest() {
        folder_.write("index.html", "<title>release 1</title>")
            .write("assets/app-BxY12345.js", "let release = 1;");
        folder_.write("site.webmanifest", "{}").write("favicon.svg", "<svg/>");
        config::Sources sources{{"PORT", "0"},
                                {"ADDRESS", "127.0.0.1"},
                                {"LANDING_ROOT", folder_.root().string()},
                                {"PUBLIC_DOMAIN", "seance.dev"},
                                {"LOG_REQUESTS", "false"}};
        config::Reader read(sources);
        settings_ = read_settings(read);
        site_ = std::make_unique<Site>(index_options(settings_));
        thread_.on_loop([&] { app_ = std::make_unique<App>(thread_.loop(), 0, settings_, *site_); });
    }
    ~LandingTest() override {
        thread_.on_loop([&] { app_.reset(); });
    }

    std::string ask(std::string_view target, std::string_view fields = "",
                    std::string_view method = "GET") const {
        RawClient client(app_->port());
        client.sends(fmt::format("{} {} HTTP/1.1\r\nHost: seance.dev\r\nConnection: close\r\n{}\r\n", method,
                                 target, fields));
        return client.receives_all();
    }

    SiteFolder folder_;
    LoopThread thread_;
    Settings settings_;
    std::unique_ptr<Site> site_;
    std::unique_ptr<App> app_;
};

}  // namespace

TEST_F(LandingTest, IsHealthyForGetAndHead) {
    EXPECT_THAT(ask("/health?from=edge"),
                AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nCache-Control: no-store\r\n"),
                      HasSubstr("text/plain"), testing::EndsWith("\r\n\r\nok\n")));
    EXPECT_THAT(ask("/health", "", "HEAD"),
                AllOf(StartsWith("HTTP/1.1 200 "), testing::EndsWith("\r\n\r\n")));
    EXPECT_THAT(ask("/health", "", "POST"), StartsWith("HTTP/1.1 405 "));
}

TEST_F(LandingTest, SendsThePageForRoutesAndNotFoundForMissingFiles) {
    for (auto target : {"/", "/download", "/checkout?plan=1", "/a/b/"})
        EXPECT_THAT(ask(target), AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("release 1"),
                                       HasSubstr("\r\nCache-Control: no-cache\r\n")))
            << target;
    for (auto target : {"/nope.json", "/old.wasm", "/x.map", "/assets/app-old12345.js", "/assets/chunk"})
        EXPECT_THAT(ask(target),
                    AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("\r\nCache-Control: no-store\r\n"),
                          HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n")))
            << target;
    EXPECT_THAT(ask("/download", "Accept: application/json\r\n"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(LandingTest, KeepsHashedAssetsForeverAndOthersForAnHour) {
    EXPECT_THAT(ask("/assets/app-BxY12345.js"),
                HasSubstr("\r\nCache-Control: public, max-age=31536000, immutable\r\n"));
    EXPECT_THAT(ask("/favicon.svg"), HasSubstr("\r\nCache-Control: public, max-age=3600\r\n"));
    EXPECT_THAT(ask("/site.webmanifest"), HasSubstr("\r\nCache-Control: no-cache\r\n"));
}

TEST_F(LandingTest, SendsSecurityFieldsWhereTheyBelong) {
    auto page = ask("/");
    EXPECT_THAT(page,
                AllOf(HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"),
                      HasSubstr("\r\nReferrer-Policy: strict-origin-when-cross-origin\r\n"),
                      HasSubstr("\r\nPermissions-Policy: "), HasSubstr("frame-ancestors 'none'"),
                      HasSubstr("https://beholder.seance.dev"), HasSubstr("wss://signaling.seance.dev")));
    EXPECT_THAT(page, Not(HasSubstr("Strict-Transport-Security")));
    for (auto target : {"/", "/favicon.svg", "/nope.json"})
        EXPECT_THAT(ask(target, "X-Forwarded-Proto: https\r\n"),
                    HasSubstr("\r\nStrict-Transport-Security: max-age="))
            << target;
    EXPECT_THAT(ask("/favicon.svg"), Not(HasSubstr("Content-Security-Policy")));
}

TEST_F(LandingTest, ReloadsUnderRequestsWithoutAFailedOrMixedAnswer) {
    std::atomic<int> newest{1}, failed{0}, answered{0};
    std::jthread reader([&](const std::stop_token& stop) {
        RawClient client(app_->port());
        int seen = 1;
        while (!stop.stop_requested()) {
            client.sends("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            client.receives_head();
            auto page = client.receives_until("</title>");
            int release = page.starts_with("<title>release ") ? page[15] - '0' : 0;
            if (release < seen) ++failed;  // an error, or an older release after a newer one
            seen = std::max(seen, release);
            newest = seen;
            ++answered;
        }
    });

    for (int release = 2; release <= 5; ++release) {
        // As a deployment does it: the new page replaces the old one in one step.
        folder_.write("index.new", fmt::format("<title>release {}</title>", release));
        std::filesystem::rename(folder_.root() / "index.new", folder_.root() / "index.html");
        thread_.on_loop([&] { app_->reload(); });
        auto deadline = Clock::now() + std::chrono::seconds(10);
        while (newest < release && Clock::now() < deadline) std::this_thread::yield();
        EXPECT_EQ(newest, release);
    }
    reader.request_stop();
    reader.join();

    EXPECT_EQ(failed, 0);
    EXPECT_GT(answered, 4);
}

TEST_F(LandingTest, KeepsTheOldSiteUntilTheNewOneHasAPage) {
    std::filesystem::remove(folder_.root() / "index.html");
    thread_.on_loop([&] { app_->reload(); });
    for (int i = 0; i < 20; ++i) EXPECT_THAT(ask("/"), HasSubstr("<title>release 1</title>"));

    folder_.write("index.new", "<title>release 2</title>");
    std::filesystem::rename(folder_.root() / "index.new", folder_.root() / "index.html");
    thread_.on_loop([&] { app_->reload(); });
    auto deadline = Clock::now() + std::chrono::seconds(10);
    auto page = ask("/");
    while (page.find("release 2") == std::string::npos && Clock::now() < deadline) page = ask("/");

    EXPECT_THAT(page, HasSubstr("<title>release 2</title>"));
}

TEST(Landing, SaysWhichFolderHasNoPage) {
    SiteFolder empty;
    Settings settings;
    settings.root = empty.root().string();

    try {
        Site site(index_options(settings));
        FAIL() << "started without a page";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), AllOf(HasSubstr("LANDING_ROOT"), HasSubstr("has no index.html")));
    }
}

}  // namespace seance::landing
