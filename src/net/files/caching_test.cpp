#include "net/files/caching.hpp"

#include <gtest/gtest.h>

namespace seance::files {

TEST(Caching, KeepsHashedNamesForever) {
    for (auto path : {"/assets/index-BxY12345.js", "/assets/index.0a1b2c3d.css",
                      "/assets/deep/font-a_b-c_d9.woff2", "/assets/x-abcdefgh.svg"})
        EXPECT_EQ(cache_control(path, "/assets/", false), "public, max-age=31536000, immutable") << path;
}

TEST(Caching, KeepsOtherFilesForAnHour) {
    for (auto path : {"/favicon.ico", "/index-BxY12345.js", "/assets/index.js", "/assets/index-BxY1234.js",
                      "/assets/abcdefgh.js", "/assets/index-BxY12345", "/assets/index-Bx~12345.js",
                      "/other/assets/index-BxY12345.js", "/robots.txt"})
        EXPECT_EQ(cache_control(path, "/assets/", false), "public, max-age=3600") << path;
}

TEST(Caching, AsksAgainForPagesWorkersAndManifests) {
    EXPECT_EQ(cache_control("/index.html", "/assets/", true), "no-cache");
    EXPECT_EQ(cache_control("/assets/page-BxY12345.html", "/assets/", true), "no-cache");
    EXPECT_EQ(cache_control("/sw.js", "/assets/", false), "no-cache");
    EXPECT_EQ(cache_control("/site.webmanifest", "/assets/", false), "no-cache");
    EXPECT_EQ(cache_control("/my-sw.js", "/assets/", false), "public, max-age=3600");
}

}  // namespace seance::files
