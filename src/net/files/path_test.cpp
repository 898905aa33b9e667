#include "net/files/path.hpp"

#include <gtest/gtest.h>

namespace seance::files {

TEST(DecodePath, DecodesOnceAndMergesSlashes) {
    struct Row {
        std::string_view raw, path;
    };
    for (auto [raw, path] : {Row{"/", "/"},
                             {"/a/b.css", "/a/b.css"},
                             {"/a%20b", "/a b"},
                             {"/%61", "/a"},
                             {"//a///b//", "/a/b/"},
                             {"/a%2Fb", "/a/b"},
                             {"/%C3%A9", "/\xC3\xA9"},
                             {"/100%2525", "/100%25"},
                             {"/...", "/..."},
                             {"/a..b", "/a..b"},
                             {"/a+b", "/a+b"}})
        EXPECT_EQ(decode_path(raw), path) << raw;
}

TEST(DecodePath, RefusesTraversalInEverySpelling) {
    for (auto raw : {"/..", "/../etc/passwd", "/a/../b", "/./a", "/a/.", "/%2e%2e/a", "/.%2e/a",
                     "/a%2f..%2fb", "/%2e", "/..%2fetc", "//../a", "/a\\b", "/..%5cetc", "/%5c"})
        EXPECT_FALSE(decode_path(raw)) << raw;
}

TEST(DecodePath, RefusesBytesThatNoPathHolds) {
    for (auto raw :
         {"/%00", "/a%0a", "/%1f", "/%7f", "/%ff", "/%c0%af", "/%ed%a0%80", "/%", "/%4", "/%zz", "", "a"})
        EXPECT_FALSE(decode_path(raw)) << raw;
}

TEST(HiddenPath, IsADotSegmentOutsideWellKnown) {
    for (auto path : {"/.env", "/.git/config", "/a/.b/c", "/.well-known", "/a/.well-known/b"})
        EXPECT_TRUE(is_hidden(path)) << path;
    for (auto path : {"/", "/a.b", "/.well-known/security.txt", "/a/b./c"})
        EXPECT_FALSE(is_hidden(path)) << path;
}

TEST(Route, HasNoExtensionAndIsNoBuildProduct) {
    for (auto path : {"/login", "/a/b", "/v1.2/x", "/dashboard/", "/assetsx"})
        EXPECT_TRUE(may_be_route(path, "/assets/")) << path;
    for (auto path : {"/nope.json", "/a/b.wasm", "/favicon.ico", "/assets/x", "/.git/config",
                      "/.well-known/x", "/nope.json/", "/assets/"})
        EXPECT_FALSE(may_be_route(path, "/assets/")) << path;
}

TEST(Accept, AllowsHtmlByTheMostSpecificRange) {
    for (auto accept :
         {"", "text/html", "*/*", "TEXT/*", "application/json, text/html;q=0.1",
          "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/*;q=0, text/html"})
        EXPECT_TRUE(accepts_html(accept)) << accept;
    for (auto accept :
         {"application/json", "image/*", "text/html;q=0", "text/html;q=0, */*", "*/*;q=0.0", "text/plain"})
        EXPECT_FALSE(accepts_html(accept)) << accept;
}

}  // namespace seance::files
