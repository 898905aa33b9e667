#include "platform/images/transfer.hpp"

#include <gtest/gtest.h>

#include "platform/images/blob_upload.hpp"

namespace seance::images {
namespace {

std::string resolved(std::string_view location) {
    http::Url base{{"r.example", 443, true}, "/v2/a/blobs/uploads/?x=1"};
    auto url = resolve_url(base, location);
    if (!url) return "";
    return (url->origin.tls ? "https://" : "http://") + url->origin.authority() + url->target;
}

TEST(Transfer, ResolvesLocationsAndKeepsTheirQuery) {
    EXPECT_EQ(resolved("https://s.example:8443/up?_state=a%2Fb%3D"),
              "https://s.example:8443/up?_state=a%2Fb%3D");
    EXPECT_EQ(resolved("/v2/a/blobs/uploads/1?_state=x"), "https://r.example/v2/a/blobs/uploads/1?_state=x");
    EXPECT_EQ(resolved("//s.example/up"), "https://s.example/up");
    EXPECT_EQ(resolved("uuid?s=1"), "https://r.example/v2/a/blobs/uploads/uuid?s=1");
    EXPECT_EQ(resolved("?s=1"), "https://r.example/v2/a/blobs/uploads/?s=1");
    EXPECT_EQ(resolved("https://user@s.example/"), "") << "credentials in an address are refused";
    EXPECT_EQ(resolved("/with space"), "");
}

TEST(Transfer, AddsToAQuery) {
    EXPECT_EQ(with_query("/up", "digest", "sha256:a"), "/up?digest=sha256%3Aa");
    EXPECT_EQ(with_query("/up?_state=x%3D", "digest", "d"), "/up?_state=x%3D&digest=d");
}

TEST(BlobUpload, ReadsHowMuchARegistryHas) {
    EXPECT_EQ(parse_received("0-1023"), 1024u);
    EXPECT_EQ(parse_received("bytes=0-9"), 10u);
    EXPECT_EQ(parse_received("0-0"), 0u);
    for (auto bad : {"", "0-", "1-5", "0--1", "0-99999999999999999999", "bytes"})
        EXPECT_FALSE(parse_received(bad));
}

}  // namespace
}  // namespace seance::images
