#include "platform/edge/edge.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "net/http/client.hpp"
#include "platform/edge/sink.hpp"
#include "platform/process/ports.hpp"
#include "tests/support/loop_thread.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::edge {
namespace {

using testing::HasSubstr;

// An edge with one service behind it ("api"), one that is down, a folder and a dashboard.
class EdgeTest : public testing::Test {
  protected:
    EdgeTest() {
        std::ofstream(folder_.path() / "hello.txt") << "hello";
        down_ = process::free_port();
        thread_.on_loop([this] {
            http::ServerOptions quiet;
            quiet.log_requests = false;
            service_ = std::make_unique<http::Server>(thread_.loop(), quiet, echo);
            service_->listen("127.0.0.1", 0);
            Table table;
            table.add("api.shop.localhost", {Target::Service, "api", service_->port(), ""});
            table.add("down.shop.localhost", {Target::Service, "down", down_, ""});
            table.add("cdn.shop.localhost", {Target::Files, "cdn", 0, folder_.path().string()});
            table.add("dashboard.shop.localhost", {Target::Dashboard, "dashboard", 0, ""});
            EdgeOptions options;
            options.port = 0;
            options.status_page = [] {
                StatusPage page{"shop", "local", "abc1234", {}};
                page.rows.push_back({"<api>", "http://api", "healthy", "", "3s", "127.0.0.1:1", 0});
                return page;
            };
            options.status_json = [] { return std::string("{\"ready\":true}"); };
            edge_ = std::make_unique<Edge>(thread_.loop(), std::move(table), std::move(options));
            edge_->listen();
            client_ = std::make_unique<http::Client>(thread_.loop());
            return 0;
        });
    }

    ~EdgeTest() override {
        thread_.on_loop([this] {
            client_.reset();
            return 0;
        });
        thread_.await(drain(*edge_));
        thread_.await(drain(*service_));
        thread_.on_loop([this] {
            edge_.reset();
            service_.reset();
            return 0;
        });
    }

    template <class Server>
    static Awaitable<int> drain(Server& server) {
        co_await server.drain();
        co_return 0;
    }

    // Answers with what it was told about the client.
    static Awaitable<void> echo(http::Exchange& exchange) {
        const auto& fields = exchange.head().fields;
        std::string seen;
        for (const auto* name :
             {"Host", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Railway-Edge", "Via", "X-Real-IP"})
            seen += std::string(name) + "=" + std::string(fields.get(name)) + "\n";
        exchange.reply(http::text_response(200, std::move(seen)));
        co_return;
    }

    http::WholeResponse ask(std::string host, std::string target = "/", std::string method = "GET",
                            http::Fields fields = {}) {
        http::Origin origin;
        origin.host = "127.0.0.1";
        origin.port = edge_->port();
        http::Request request;
        request.method = std::move(method);
        request.target = std::move(target);
        request.fields = std::move(fields);
        request.fields.set("Host", host);
        auto response = thread_.await(client_->send(origin, request));
        EXPECT_TRUE(response.has_value()) << response.error().message();
        return response ? std::move(*response) : http::WholeResponse{};
    }

    testing_support::TemporaryFolder folder_;
    testing_support::LoopThread thread_;
    std::uint16_t down_ = 0;
    std::unique_ptr<http::Server> service_;
    std::unique_ptr<Edge> edge_;
    std::unique_ptr<http::Client> client_;
};

TEST_F(EdgeTest, PassesARequestToTheServiceOfItsHostAsThePlatformWould) {
    auto response = ask("API.shop.localhost:8080", "/", "GET",
                        {{"X-Real-IP", "203.0.113.9"}, {"X-Railway-Edge", "forged"}});

    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(
        response.body,
        "Host=API.shop.localhost:8080\nX-Forwarded-Host=API.shop.localhost:8080\nX-Forwarded-Proto=http\n"
        "X-Railway-Edge=local\nVia=1.1 seance-edge\nX-Real-IP=127.0.0.1\n");
}

TEST_F(EdgeTest, AnswersAnUnknownHostWithWhatThereIs) {
    auto response = ask("nope.shop.localhost");

    EXPECT_EQ(response.status, 421);
    EXPECT_THAT(response.body, HasSubstr("nope.shop.localhost"));
    EXPECT_THAT(response.body, HasSubstr("http://api.shop.localhost:"));
    EXPECT_EQ(ask("127.0.0.1").status, 421);
    EXPECT_EQ(ask("127.0.0.1", "/health").status, 200);
}

TEST_F(EdgeTest, SaysAtOnceThatAServiceIsDownToAPost) {
    auto response = ask("down.shop.localhost", "/", "POST");

    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.fields.get("Retry-After"), "1");
}

TEST(Pages, TellAPersonWhichServiceDoesNotAnswerAndAskAgain) {
    const auto page = render_fault("a<b.shop.localhost", "503 Service Unavailable", "abc");

    EXPECT_THAT(page, HasSubstr("a&lt;b.shop.localhost does not answer"));
    EXPECT_THAT(page, HasSubstr("503 Service Unavailable"));
    EXPECT_THAT(page, HasSubstr("http-equiv=\"refresh\""));
}

TEST_F(EdgeTest, ServesTheFolderOfObjects) {
    auto response = ask("cdn.shop.localhost", "/hello.txt");

    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "hello");
    EXPECT_EQ(response.fields.get("Content-Length"), "5");
    EXPECT_EQ(response.fields.get("Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(ask("cdn.shop.localhost", "/hello.txt", "GET", {{"If-None-Match", response.fields.get("ETag")}})
                  .status,
              304);
    EXPECT_EQ(ask("cdn.shop.localhost", "/absent.txt").status, 404);
    EXPECT_EQ(ask("cdn.shop.localhost", "/..%2f..%2fetc/passwd").status, 404);
    EXPECT_EQ(ask("cdn.shop.localhost", "/hello.txt", "DELETE").status, 405);
}

TEST_F(EdgeTest, ShowsTheStatusOfTheStack) {
    auto page = ask("dashboard.shop.localhost");

    EXPECT_THAT(std::string(page.fields.get("Content-Type")), HasSubstr("text/html"));
    EXPECT_THAT(page.body, HasSubstr("&lt;api&gt;"));
    EXPECT_THAT(page.body, HasSubstr("1 of 1 healthy"));
    EXPECT_EQ(ask("dashboard.shop.localhost", "/api/status").body, "{\"ready\":true}");
    EXPECT_EQ(ask("dashboard.shop.localhost", "/absent").status, 404);
}

TEST(EdgeSink, AcceptsWhateverComes) {
    testing_support::LoopThread thread;
    std::unique_ptr<Sink> sink;
    std::unique_ptr<http::Client> client;
    thread.on_loop([&] {
        sink = std::make_unique<Sink>(thread.loop(), 0);
        client = std::make_unique<http::Client>(thread.loop());
        return 0;
    });
    http::Origin origin;
    origin.host = "127.0.0.1";
    origin.port = sink->port();
    http::Request request;
    request.method = "POST";
    request.target = "/e/";
    request.body = "{}";

    auto response = thread.await(client->send(origin, request));

    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->body, "{\"status\":1}");
    thread.on_loop([&] {
        client.reset();
        sink.reset();
        return 0;
    });
}

}  // namespace
}  // namespace seance::edge
