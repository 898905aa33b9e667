#include "net/files/media_type.hpp"

#include <gtest/gtest.h>

namespace seance::files {

TEST(MediaType, IsKnownByExtension) {
    struct Row {
        std::string_view path, type;
    };
    for (auto [path, type] : {Row{"/index.html", "text/html; charset=utf-8"},
                              {"/a.js", "text/javascript; charset=utf-8"},
                              {"/a.min.mjs", "text/javascript; charset=utf-8"},
                              {"/a.CSS", "text/css; charset=utf-8"},
                              {"/a.wasm", "application/wasm"},
                              {"/a.webmanifest", "application/manifest+json"},
                              {"/a.svg", "image/svg+xml"},
                              {"/a.woff2", "font/woff2"},
                              {"/a.png", "image/png"},
                              {"/LICENSE", "application/octet-stream"},
                              {"/a.b/c", "application/octet-stream"},
                              {"/a.", "application/octet-stream"},
                              {"/a.dmg", "application/octet-stream"}})
        EXPECT_EQ(media_type(path).name, type) << path;
}

TEST(MediaType, KnowsWhatIsWorthPacking) {
    for (auto path : {"/a.html", "/a.js", "/a.json", "/a.svg", "/a.wasm", "/a.ttf"})
        EXPECT_TRUE(media_type(path).compressible) << path;
    for (auto path : {"/a.png", "/a.woff2", "/a.zip", "/a", "/a.mp4"})
        EXPECT_FALSE(media_type(path).compressible) << path;
    EXPECT_TRUE(media_type("/a.html").is_page);
    EXPECT_FALSE(media_type("/a.js").is_page);
}

}  // namespace seance::files
