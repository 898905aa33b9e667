#include "net/files/answer.hpp"

#include <gmock/gmock.h>

#include "tests/support/site_folder.hpp"

namespace seance::files {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing_support::SiteFolder;

using Lines = std::vector<http::Field>;

// A site as a build leaves it, and questions to it.
class AnswerTest : public testing::Test {
  protected:
    AnswerTest() {
        std::string script;
        while (script.size() < 2000) script += "export const together = true;\n";
        site_.write("index.html", "<!doctype html><title>home</title>")
            .write("docs/index.html", "<title>docs</title>");
        site_.write("assets/app-BxY12345.js", script)
            .write("favicon.ico", "icon")
            .write("a b.txt", "0123456789");
        site_.write("large.bin", std::string(200'000, 'L')).write("empty.txt", "").write("100%.txt", "all");
        index_ = FileIndex::build({.root = site_.root(),
                                   .memory_limit = 100'000,
                                   .fields = {{"X-Content-Type-Options", "nosniff"}}})
                     .value();
    }

    Answer ask(std::string_view target, const Lines& lines = {}, std::string_view method = "GET") const {
        http::RequestHead request;
        request.method = method;
        request.target = target;
        for (const auto& line : lines) request.fields.add(line);
        return decide(*index_, request);
    }
    std::string_view etag(std::string_view path, Coding coding = Coding::Identity) const {
        return index_->find(path)->file->variant(coding)->etag;
    }

    SiteFolder site_;
    std::shared_ptr<const FileIndex> index_;
};

}  // namespace

TEST_F(AnswerTest, FindsFilesByTheirDecodedPath) {
    struct Row {
        std::string_view target;
        int status;
        std::string_view body;
    };
    for (auto [target, status, body] : {Row{"/favicon.ico", 200, "icon"},
                                        {"/favicon.ico?v=2", 200, "icon"},
                                        {"//favicon.ico", 200, "icon"},
                                        {"/a%20b.txt", 200, "0123456789"},
                                        {"/%66avicon.ico", 200, "icon"},
                                        {"/docs/", 200, "<title>docs</title>"},
                                        {"/docs//", 200, "<title>docs</title>"},
                                        {"/100%25.txt", 200, "all"},
                                        {"/empty.txt", 200, ""},
                                        {"/../favicon.ico", 400, ""},
                                        {"/%2e%2e/favicon.ico", 400, ""},
                                        {"/a%00", 400, ""},
                                        {"/%ff", 400, ""},
                                        {"/.env", 404, ""},
                                        {"/FAVICON.ico", 404, ""}}) {
        auto answer = ask(target);
        EXPECT_EQ(answer.status, status) << target;
        EXPECT_EQ(answer.body, body) << target;
    }
}

TEST_F(AnswerTest, RedirectsAFolderWithinTheSite) {
    for (auto [target, location] : {std::pair{"/docs", "/docs/"},
                                    {"/docs?a=1&b=2", "/docs/?a=1&b=2"},
                                    {"//docs", "/docs/"},
                                    {"/%64ocs", "/docs/"}}) {
        auto answer = ask(target);
        EXPECT_EQ(answer.status, 301) << target;
        EXPECT_EQ(answer.fields.get("Location"), location) << target;
    }
}

TEST_F(AnswerTest, FallsBackToThePageForRoutesOnly) {
    for (auto target : {"/login", "/a/b/c", "/dashboard/"})
        EXPECT_THAT(ask(target).body, HasSubstr("home")) << target;
    for (auto target : {"/nope.json", "/nope.wasm", "/x.map", "/assets/nope", "/assets/app-old12345.js",
                        "/.git/config", "/.well-known/nope"})
        EXPECT_EQ(ask(target).status, 404) << target;
    EXPECT_EQ(ask("/login", {{"Accept", "application/json"}}).status, 404);
    EXPECT_EQ(ask("/login", {{"Accept", "text/html,*/*;q=0.8"}}).status, 200);
    EXPECT_EQ(ask("/login", {}, "POST").status, 405);
}

TEST_F(AnswerTest, AllowsThreeMethods) {
    EXPECT_EQ(ask("/favicon.ico", {}, "HEAD").status, 200);
    EXPECT_EQ(ask("/favicon.ico", {}, "OPTIONS").status, 204);
    for (auto method : {"POST", "PUT", "DELETE", "PATCH", "PROPFIND", "get"}) {
        auto answer = ask("/favicon.ico", {}, method);
        EXPECT_EQ(answer.status, 405) << method;
        EXPECT_EQ(answer.fields.get("Allow"), "GET, HEAD, OPTIONS") << method;
    }
}

TEST_F(AnswerTest, SendsTheEncodingThatTheClientLikesBest) {
    auto answer = ask("/assets/app-BxY12345.js", {{"Accept-Encoding", "gzip, deflate, br"}});

    EXPECT_THAT(std::string(answer.head), HasSubstr("\r\nContent-Encoding: br\r\n"));
    EXPECT_THAT(std::string(ask("/assets/app-BxY12345.js").head), Not(HasSubstr("Content-Encoding")));
    EXPECT_THAT(std::string(ask("/favicon.ico", {{"Accept-Encoding", "br"}}).head),
                Not(HasSubstr("Content-Encoding")));
}

TEST_F(AnswerTest, TellsFormsApartInConditions) {
    auto path = "/assets/app-BxY12345.js";
    Lines brotli{{"Accept-Encoding", "br"}, {"If-None-Match", etag(path, Coding::Brotli)}};
    Lines plain_tag{{"Accept-Encoding", "br"}, {"If-None-Match", etag(path)}};

    auto answer = ask(path, brotli);
    EXPECT_EQ(answer.status, 304);
    EXPECT_THAT(std::string(answer.head), HasSubstr("-br\"\r\n"));
    EXPECT_EQ(ask(path, plain_tag).status, 200);
    EXPECT_EQ(ask(path, {{"If-Match", "\"other\""}}).status, 412);
    EXPECT_EQ(ask("/login", {{"If-None-Match", etag("/index.html")}}).status, 304);
}

TEST_F(AnswerTest, CutsARangeOutOfTheIdentityForm) {
    auto answer = ask("/a%20b.txt", {{"Range", "bytes=2-4"}, {"Accept-Encoding", "br"}});

    EXPECT_EQ(answer.status, 206);
    EXPECT_EQ(answer.body, "234");
    EXPECT_THAT(answer.made_head,
                testing::AllOf(HasSubstr("\r\nContent-Range: bytes 2-4/10\r\n"),
                               HasSubstr("\r\nContent-Length: 3\r\n"), Not(HasSubstr("Content-Encoding"))));
    auto script = ask("/assets/app-BxY12345.js", {{"Range", "bytes=0-5"}, {"Accept-Encoding", "br"}});
    EXPECT_EQ(script.body, "export");
}

TEST_F(AnswerTest, TreatsOddRangesByTheBook) {
    auto beyond = ask("/a%20b.txt", {{"Range", "bytes=10-"}});
    EXPECT_EQ(beyond.status, 416);
    EXPECT_EQ(beyond.fields.get("Content-Range"), "bytes */10");
    EXPECT_EQ(ask("/a%20b.txt", {{"Range", "bytes=0-1,3-4"}}).status, 200);
    EXPECT_EQ(ask("/a%20b.txt", {{"Range", "bytes=0-1"}}, "HEAD").status, 200);
    EXPECT_EQ(ask("/a%20b.txt", {{"Range", "bytes=0-1"}, {"If-Range", "\"other\""}}).status, 200);
    EXPECT_EQ(ask("/a%20b.txt", {{"Range", "bytes=0-1"}, {"If-Range", etag("/a b.txt")}}).status, 206);
    EXPECT_EQ(ask("/a%20b.txt", {{"Range", "bytes=0-1"}, {"If-None-Match", "*"}}).status, 304);
    EXPECT_EQ(ask("/empty.txt", {{"Range", "bytes=0-"}}).status, 416);
}

TEST_F(AnswerTest, PointsToTheDiskForFilesThatAreNotHeld) {
    auto answer = ask("/large.bin");
    ASSERT_NE(answer.from_disk, nullptr);
    EXPECT_EQ(answer.range, (ByteRange{0, 200'000}));
    EXPECT_FALSE(answer.fields.find("Content-Length"));  // Exchange::start() adds it

    auto part = ask("/large.bin", {{"Range", "bytes=-1000"}});
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.range, (ByteRange{199'000, 1000}));
    EXPECT_EQ(part.fields.get("Content-Range"), "bytes 199000-199999/200000");
}

TEST_F(AnswerTest, PutsTheCommonFieldsOnErrorsToo) {
    for (auto target : {"/nope.json", "/../x", "/docs"})
        EXPECT_EQ(ask(target).fields.get("X-Content-Type-Options"), "nosniff") << target;
}

}  // namespace seance::files
