#include "net/files/file_server.hpp"

#include <gmock/gmock.h>

#include "core/base/hash.hpp"
#include "tests/support/loop_thread.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/site_folder.hpp"

namespace seance::files {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing_support::LoopThread;
using testing_support::RawClient;
using testing_support::SiteFolder;

// A site behind a real server on a free port.
class FileServerTest : public testing::Test {
  protected:
    static constexpr std::size_t kLarge = 3'000'000;  // more than a socket buffer, and than the memory limit

    FileServerTest() {
        std::string large(kLarge, '\0');
        for (std::size_t i = 0; i < kLarge; ++i) large[i] = static_cast<char>('a' + i % 26);
        site_.write("index.html", "<title>home</title>").write("digits.txt", "0123456789");
        site_.write("script.js", std::string(5000, 's')).write("large.bin", large);
        thread_.on_loop([&] {
            files_ = std::make_unique<FileServer>(build());
            http::ServerOptions options;
            options.log_requests = false;
            server_ = std::make_unique<http::Server>(
                thread_.loop(), options,
                [this](http::Exchange& exchange) { return files_->serve(exchange); });
            server_->listen("127.0.0.1", 0);
            port_ = server_->port();
        });
    }
    ~FileServerTest() override {
        thread_.on_loop([&] { server_.reset(); });
    }

    std::shared_ptr<const FileIndex> build() const {
        return FileIndex::build({.root = site_.root(), .memory_limit = 1'000'000}).value();
    }
    static std::string get(std::string_view target, std::string_view fields = "",
                           std::string_view method = "GET") {
        return fmt::format("{} {} HTTP/1.1\r\nHost: a\r\n{}\r\n", method, target, fields);
    }
    // The whole answer of one request on a connection of its own.
    std::string ask(std::string_view target, std::string_view fields = "",
                    std::string_view method = "GET") const {
        RawClient client(port_);
        client.sends(get(target, std::string(fields) + "Connection: close\r\n", method));
        return client.receives_all();
    }
    static std::string body_of(const std::string& answer) {
        return answer.substr(answer.find("\r\n\r\n") + 4);
    }

    SiteFolder site_;
    LoopThread thread_;
    std::unique_ptr<FileServer> files_;
    std::unique_ptr<http::Server> server_;
    std::uint16_t port_ = 0;
};

}  // namespace

TEST_F(FileServerTest, SendsHeldFilesOverOneConnection) {
    RawClient client(port_);
    for (int i = 0; i < 3; ++i) {
        client.sends(get("/digits.txt"));
        EXPECT_THAT(client.receives_head(),
                    AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nDate: "),
                          HasSubstr("\r\nContent-Length: 10\r\n"), Not(HasSubstr("Connection"))));
        EXPECT_EQ(client.receives(10), "0123456789");
    }
}

TEST_F(FileServerTest, GivesHeadTheHeadOfGet) {
    for (auto target : {"/digits.txt", "/large.bin", "/nope.json", "/"}) {
        RawClient client(port_);
        client.sends(get(target, "", "HEAD") +
                     get("/digits.txt"));  // a body after HEAD would shift the second answer

        auto head = client.receives_head();
        EXPECT_THAT(head, HasSubstr("\r\nContent-Length: ")) << target;
        EXPECT_THAT(client.receives_head(), StartsWith("HTTP/1.1 200 OK\r\n")) << target;
        EXPECT_EQ(client.receives(10), "0123456789") << target;
    }
}

TEST_F(FileServerTest, SendsFilesAboveTheMemoryLimitFromDisk) {
    auto answer = ask("/large.bin");

    EXPECT_THAT(answer.substr(0, 600),
                AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nContent-Length: 3000000\r\n"),
                      HasSubstr("\r\nAccept-Ranges: bytes\r\n"), HasSubstr("\r\nETag: \"")));
    auto body = body_of(answer);
    ASSERT_EQ(body.size(), kLarge);
    EXPECT_EQ(sha256_hex(body), files_->index().find("/large.bin")->file->digest);
}

TEST_F(FileServerTest, SendsRangesFromMemoryAndDisk) {
    auto held = ask("/digits.txt", "Range: bytes=3-5\r\n");
    EXPECT_THAT(held, AllOf(StartsWith("HTTP/1.1 206 Partial Content\r\n"),
                            HasSubstr("\r\nContent-Range: bytes 3-5/10\r\n")));
    EXPECT_EQ(body_of(held), "345");

    auto disk = ask("/large.bin", "Range: bytes=2999974-\r\n");
    EXPECT_THAT(disk, AllOf(StartsWith("HTTP/1.1 206 "),
                            HasSubstr("\r\nContent-Range: bytes 2999974-2999999/3000000\r\n"),
                            HasSubstr("\r\nContent-Length: 26\r\n")));
    EXPECT_EQ(body_of(disk).size(), 26U);

    auto none = ask("/large.bin", "Range: bytes=3000000-\r\n");
    EXPECT_THAT(none, AllOf(StartsWith("HTTP/1.1 416 "), HasSubstr("\r\nContent-Range: bytes */3000000\r\n"),
                            HasSubstr("no-store")));
}

TEST_F(FileServerTest, AnswersARevalidationWithoutABody) {
    auto etag = files_->index().find("/script.js")->file->variant(Coding::Gzip)->etag;
    RawClient client(port_);

    client.sends(get("/script.js", "Accept-Encoding: gzip\r\nIf-None-Match: " + etag + "\r\n") +
                 get("/digits.txt"));

    EXPECT_THAT(client.receives_head(),
                AllOf(StartsWith("HTTP/1.1 304 Not Modified\r\n"), HasSubstr("ETag: " + etag),
                      HasSubstr("\r\nDate: "), HasSubstr("Vary: Accept-Encoding")));
    EXPECT_THAT(client.receives_head(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(FileServerTest, SendsTheFormWithItsLength) {
    RawClient client(port_);
    const auto& form = *files_->index().find("/script.js")->file->variant(Coding::Brotli)->bytes;

    client.sends(get("/script.js", "Accept-Encoding: gzip, deflate, br, zstd\r\n"));

    EXPECT_THAT(client.receives_head(),
                AllOf(HasSubstr("\r\nContent-Encoding: br\r\n"),
                      HasSubstr(fmt::format("\r\nContent-Length: {}\r\n", form.size()))));
    EXPECT_EQ(client.receives(form.size()), form);
}

TEST_F(FileServerTest, NeverLeavesItsRoot) {
    for (auto target :
         {"/../../etc/passwd", "/..%2f..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
          "/..%5c..%5cetc%5cpasswd", "/%252e%252e/%252e%252e/etc/passwd", "//etc/passwd", "/./../etc/passwd",
          "/%c0%ae%c0%ae/etc/passwd", "/digits.txt%00.html", "/.git/config", "/.env"}) {
        auto answer = ask(target);
        EXPECT_THAT(answer, Not(HasSubstr("root:"))) << target;
        EXPECT_THAT(answer, testing::AnyOf(StartsWith("HTTP/1.1 400 "), StartsWith("HTTP/1.1 404 "),
                                           HasSubstr("<title>home</title>")))
            << target;
    }
}

TEST_F(FileServerTest, RefusesOtherMethodsAndKeepsTheConnectionForTheNext) {
    RawClient client(port_);

    client.sends(get("/digits.txt", "Content-Length: 3\r\n", "POST") + "abc" + get("/digits.txt"));

    EXPECT_THAT(client.receives_until("405 Method Not Allowed\r\n"), StartsWith("HTTP/1.1 405 "));
    EXPECT_THAT(client.receives_head(), HasSubstr("\r\nAllow: GET, HEAD, OPTIONS\r\n"));
    EXPECT_THAT(client.receives_until("0123456789"), HasSubstr("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(ask("/digits.txt", "", "OPTIONS"),
                AllOf(StartsWith("HTTP/1.1 204 "), HasSubstr("\r\nAllow: ")));
}

TEST_F(FileServerTest, SendsAChangedFileWithoutTheOldTag) {
    site_.write("large.bin", "shorter now");

    auto answer = ask("/large.bin", "Range: bytes=0-3\r\n");

    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), Not(HasSubstr("ETag")),
                              Not(HasSubstr("Content-Range")), HasSubstr("\r\nCache-Control: no-cache\r\n")));
    EXPECT_EQ(body_of(answer), "shorter now");
}

TEST_F(FileServerTest, AnswersNotFoundForAVanishedFile) {
    std::filesystem::remove(site_.root() / "large.bin");

    EXPECT_THAT(ask("/large.bin"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(FileServerTest, SwapsTheIndexBetweenRequestsOfAConnection) {
    RawClient client(port_);
    client.sends(get("/digits.txt"));
    client.receives_until("0123456789");
    site_.write("digits.txt", "9876543210");

    thread_.on_loop([&] { files_->replace(build()); });
    client.sends(get("/digits.txt"));

    EXPECT_THAT(client.receives_until("9876543210"), HasSubstr("HTTP/1.1 200 OK"));
}

}  // namespace seance::files
