#include "net/files/file_index.hpp"

#include <gmock/gmock.h>

#include "net/files/compress.hpp"
#include "tests/support/site_folder.hpp"

namespace seance::files {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing_support::SiteFolder;

const std::string kText = [] {
    std::string text;
    while (text.size() < 4000) text += "together again, ";
    return text;
}();

std::shared_ptr<const FileIndex> index_of(const SiteFolder& site, IndexOptions options = {},
                                          const FileIndex* previous = nullptr) {
    options.root = site.root();
    return FileIndex::build(std::move(options), previous).value();
}

const File& file_at(const FileIndex& index, std::string_view path) {
    auto* entry = index.find(path);
    if (entry == nullptr || entry->file == nullptr)
        throw std::runtime_error("no file at " + std::string(path));
    return *entry->file;
}

}  // namespace

TEST(FileIndex, HoldsFilesWithTheirWholeHead) {
    SiteFolder site;
    site.write("robots.txt", "User-agent: *\n");

    auto index = index_of(site, {.fields = {{"X-Content-Type-Options", "nosniff"}}});

    const auto& file = file_at(*index, "/robots.txt");
    EXPECT_EQ(*file.identity().bytes, "User-agent: *\n");
    EXPECT_THAT(
        file.identity().whole_head(Scheme::Plain),
        AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nContent-Type: text/plain; charset=utf-8\r\n"),
              HasSubstr("\r\nContent-Length: 14\r\n"), HasSubstr("\r\nAccept-Ranges: bytes\r\n"),
              HasSubstr("\r\nLast-Modified: "), HasSubstr("\r\nETag: \""),
              HasSubstr("\r\nCache-Control: public, max-age=3600\r\n"),
              HasSubstr("\r\nVary: Accept-Encoding\r\n"),
              HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"), Not(HasSubstr("\r\n\r\n"))));
    EXPECT_THAT(file.identity().not_modified_head(Scheme::Plain),
                AllOf(StartsWith("HTTP/1.1 304 Not Modified\r\n"), HasSubstr("ETag: "),
                      HasSubstr("Cache-Control: "), HasSubstr("Vary: "), Not(HasSubstr("Content-Length"))));
}

TEST(FileIndex, PacksTextThatGainsFromIt) {
    SiteFolder site;
    site.write("a.txt", kText)
        .write("small.txt", kText.substr(0, 255))
        .write("a.png", kText)
        .write("noise.txt", [] {
            std::string noise;
            for (unsigned i = 0, x = 1; i < 1000; ++i)
                noise += static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
            return noise;
        }());

    auto index = index_of(site);

    for (auto coding : {Coding::Brotli, Coding::Zstd, Coding::Gzip}) {
        ASSERT_NE(file_at(*index, "/a.txt").variant(coding), nullptr) << name_of(coding);
        EXPECT_EQ(file_at(*index, "/small.txt").variant(coding), nullptr) << name_of(coding);
        EXPECT_EQ(file_at(*index, "/a.png").variant(coding), nullptr) << name_of(coding);
        EXPECT_EQ(file_at(*index, "/noise.txt").variant(coding), nullptr) << name_of(coding);
    }
    EXPECT_TRUE(file_at(*index, "/small.txt").varies);
    EXPECT_FALSE(file_at(*index, "/a.png").varies);
}

TEST(FileIndex, GivesEachFormItsOwnTag) {
    SiteFolder site;
    site.write("a.txt", kText).write("copy.txt", kText);

    auto index = index_of(site);

    const auto& file = file_at(*index, "/a.txt");
    EXPECT_EQ(file.identity().etag, file_at(*index, "/copy.txt").identity().etag);
    EXPECT_THAT(file.variant(Coding::Brotli)->etag, testing::EndsWith("-br\""));
    EXPECT_NE(file.variant(Coding::Brotli)->etag, file.variant(Coding::Gzip)->etag);
}

TEST(FileIndex, TakesFormsFromFilesBesideUnlessOlderOrUseless) {
    SiteFolder site;
    auto packed = *compress(Coding::Gzip, kText + "made elsewhere");
    site.write("fresh.js", kText).write("fresh.js.gz", packed);
    site.write("stale.js", kText).write("stale.js.gz", packed, std::chrono::seconds(60));
    site.write("fake.js", kText).write("fake.js.gz", "not gzip");
    site.write("tiny.js", "1").write("tiny.js.gz", packed);

    auto index = index_of(site);

    EXPECT_EQ(*file_at(*index, "/fresh.js").variant(Coding::Gzip)->bytes, packed);
    EXPECT_NE(*file_at(*index, "/stale.js").variant(Coding::Gzip)->bytes, packed);
    EXPECT_NE(*file_at(*index, "/fake.js").variant(Coding::Gzip)->bytes, "not gzip");
    EXPECT_EQ(file_at(*index, "/tiny.js").variant(Coding::Gzip), nullptr);
}

TEST(FileIndex, LeavesFilesOnDiskThatDoNotFit) {
    SiteFolder site;
    site.write("small.png", std::string(100, 'a')).write("large.png", std::string(5000, 'b'));

    auto index = index_of(site, {.memory_limit = 1000});

    EXPECT_TRUE(file_at(*index, "/small.png").identity().bytes);
    const auto& large = file_at(*index, "/large.png");
    EXPECT_FALSE(large.identity().bytes);
    EXPECT_EQ(large.size, 5000U);
    EXPECT_THAT(large.identity().whole_head(Scheme::Plain), HasSubstr("\r\nContent-Length: 5000\r\n"));
}

TEST(FileIndex, KeepsItsLimitWithEncodedForms) {
    SiteFolder site;
    for (int i = 0; i < 20; ++i) site.write(std::to_string(i) + ".txt", kText + std::to_string(i));

    auto index = index_of(site, {.memory_limit = 20 * 4010 + 200});

    EXPECT_LE(index->memory(), 20U * 4010 + 200);
    EXPECT_TRUE(file_at(*index, "/19.txt").identity().bytes);
}

TEST(FileIndex, NamesFoldersByTheirIndexPage) {
    SiteFolder site;
    site.write("index.html", "root").write("docs/index.html", "docs").write("img/a.png", "x");

    auto index = index_of(site);

    EXPECT_EQ(index->find("/")->file, &file_at(*index, "/index.html"));
    EXPECT_EQ(index->find("/docs/")->file, &file_at(*index, "/docs/index.html"));
    EXPECT_TRUE(index->find("/docs")->redirects);
    EXPECT_EQ(index->find("/img"), nullptr);
    EXPECT_EQ(index->find("/img/"), nullptr);
    EXPECT_EQ(index->fallback(), &file_at(*index, "/index.html"));
}

TEST(FileIndex, PutsPolicyOnPagesAndTransportSecurityOnSecureRequests) {
    SiteFolder site;
    site.write("index.html", "x").write("a.js", "x");

    auto index = index_of(site, {.page_fields = {{"Content-Security-Policy", "default-src 'self'"}},
                                 .secure_fields = {{"Strict-Transport-Security", "max-age=1"}}});

    const auto& page = file_at(*index, "/").identity();
    EXPECT_THAT(page.whole_head(Scheme::Plain),
                AllOf(HasSubstr("Content-Security-Policy: "), HasSubstr("Cache-Control: no-cache\r\n"),
                      Not(HasSubstr("Strict-"))));
    EXPECT_THAT(page.whole_head(Scheme::Secure), HasSubstr("\r\nStrict-Transport-Security: max-age=1\r\n"));
    EXPECT_THAT(file_at(*index, "/a.js").identity().whole_head(Scheme::Secure),
                Not(HasSubstr("Content-Security")));
}

TEST(FileIndex, TakesPackedFormsFromThePreviousIndex) {
    SiteFolder site;
    site.write("a.txt", kText).write("b.txt", kText + "old");
    auto before = index_of(site);
    site.write("b.txt", kText + "new");

    auto after = index_of(site, {}, before.get());

    auto form = [](const FileIndex& index, std::string_view path) {
        return file_at(index, path).variant(Coding::Brotli)->bytes;
    };
    EXPECT_EQ(form(*after, "/a.txt"), form(*before, "/a.txt"));
    EXPECT_NE(*form(*after, "/b.txt"), *form(*before, "/b.txt"));
}

TEST(FileIndex, DoesNotTrustADateWithinTheSecondOfReading) {
    SiteFolder site;
    site.write("old.txt", "x").write("new.txt", "x", std::chrono::seconds(0));

    auto index = index_of(site);

    EXPECT_TRUE(file_at(*index, "/old.txt").date_is_strong);
    EXPECT_FALSE(file_at(*index, "/new.txt").date_is_strong);
}

TEST(FileIndex, StopsWhenAskedTo) {
    SiteFolder site;
    site.write("a.txt", kText);
    std::stop_source stop;
    stop.request_stop();

    EXPECT_FALSE(FileIndex::build({.root = site.root()}, nullptr, stop.get_token()));
}

}  // namespace seance::files
