#include "services/landing/policy.hpp"

#include <gmock/gmock.h>

namespace seance::landing {

using testing::HasSubstr;

TEST(Origins, FollowFromThePublicDomain) {
    auto origins = origins_of("seance.dev");
    EXPECT_EQ(origins.backend, "https://backend.seance.dev");
    EXPECT_EQ(origins.beholder, "https://beholder.seance.dev");
    EXPECT_EQ(origins.signaling, "wss://signaling.seance.dev");
    EXPECT_EQ(origins.cdn, "https://cdn.seance.dev");

    auto local = origins_of("seance.localhost:8080");
    EXPECT_EQ(local.backend, "http://backend.seance.localhost:8080");
    EXPECT_EQ(local.signaling, "ws://signaling.seance.localhost:8080");
    EXPECT_EQ(origins_of("").backend, "");
}

TEST(Origins, AreSchemeHostAndPortAlone) {
    for (auto text : {"https://a.b", "http://localhost:8080", "wss://signaling.a.b", "http://127.0.0.1:1",
                      "http://[::1]:80"})
        EXPECT_TRUE(is_origin(text)) << text;
    for (auto text : {"", "a.b", "https://", "https://a.b/", "https://a.b/path", "ftp://a.b", "https://a b",
                      "https://a;script-src *", "https://a,b", "https://*", "javascript://a", "'self'"})
        EXPECT_FALSE(is_origin(text)) << text;
}

TEST(ContentSecurityPolicy, LetsPagesTalkToOurOwnServices) {
    auto policy = content_security_policy(origins_of("seance.dev"), "'none'");

    EXPECT_THAT(policy, HasSubstr("connect-src 'self' https://backend.seance.dev https://beholder.seance.dev "
                                  "wss://signaling.seance.dev https://cdn.seance.dev;"));
    EXPECT_THAT(policy, HasSubstr("script-src 'self' https://beholder.seance.dev;"));
    EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
}

TEST(ContentSecurityPolicy, NamesOnlyTheSiteItselfWithoutADomain) {
    EXPECT_THAT(content_security_policy({}, "'self'"), HasSubstr("connect-src 'self'; "));
}

}  // namespace seance::landing
