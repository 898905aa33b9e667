#include "net/aws/sigv4.hpp"

#include <gmock/gmock.h>

#include "core/base/hash.hpp"

namespace seance::aws {
namespace {

// The examples that the S3 API documentation publishes ("Authenticating Requests: Using the Authorization
// Header" and "Using Query Parameters").
const Credentials kExample{"AKIAIOSFODNN7EXAMPLE", SecretText("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                           "us-east-1"};
const WallTime kDay = std::chrono::system_clock::from_time_t(1369353600);  // 2013-05-24T00:00:00Z

Signable example(std::string method, std::string path, std::string_view body = "") {
    Signable request{std::move(method), std::move(path), {}, {}, sha256_hex(body)};
    request.headers = {{"Host", "examplebucket.s3.amazonaws.com"},
                       {"x-amz-content-sha256", request.payload_hash},
                       {"x-amz-date", amz_date(kDay)}};
    return request;
}

std::string signature_of(const Signable& request) {
    auto value = authorization(request, kExample, kDay);
    return value.substr(value.find("Signature=") + 10);
}

TEST(SigV4, SignsThePublishedRangedGet) {
    auto request = example("GET", "/test.txt");
    request.headers.emplace_back("Range", "bytes=0-9");

    EXPECT_EQ(authorization(request, kExample, kDay),
              "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
              "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
              "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4, SignsThePublishedPut) {
    auto request = example("PUT", "/test$file.text", "Welcome to Amazon S3.");
    request.headers.emplace_back("Date", "Fri, 24 May 2013 00:00:00 GMT");
    request.headers.emplace_back("x-amz-storage-class", "REDUCED_REDUNDANCY");

    EXPECT_EQ(signature_of(request), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
    EXPECT_EQ(encoded_target(request), "/test%24file.text");
}

TEST(SigV4, SignsThePublishedParameterWithoutValue) {
    auto request = example("GET", "/");
    request.query = {{"lifecycle", ""}};

    EXPECT_EQ(signature_of(request), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(SigV4, SignsThePublishedListing) {
    auto request = example("GET", "/");
    request.query = {{"prefix", "J"}, {"max-keys", "2"}};

    EXPECT_EQ(signature_of(request), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    EXPECT_EQ(encoded_target(request), "/?max-keys=2&prefix=J");
}

TEST(SigV4, PresignsThePublishedGet) {
    Signable request{"GET", "/test.txt", {}, {{"host", "examplebucket.s3.amazonaws.com"}}, ""};

    EXPECT_EQ(presigned_target(request, kExample, kDay, std::chrono::seconds(86400)),
              "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
              "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
              "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
              "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST(SigV4, SortsByEncodedNameAndCollapsesSpaces) {
    Signable request{"GET",
                     "/a b//./ü",
                     {{"b", "x/y"}, {"B", ""}, {"a+", "1"}},
                     {{"X-Amz-Meta-A", "  a   b "}, {"Host", "h"}},
                     "-"};

    EXPECT_EQ(canonical_request(request),
              "GET\n/a%20b//./%C3%BC\nB=&a%2B=1&b=x%2Fy\nhost:h\nx-amz-meta-a:a b\n\nhost;x-amz-meta-a\n-");
}

}  // namespace
// Its documentation's words on every service but S3: each segment of the path is encoded twice.
TEST(SigV4, EncodesThePathTwiceForServicesOtherThanS3) {
    Signable request{"POST", "/model/arn%3Aa%2Fb/converse", {}, {{"host", "h"}}, "hash"};
    request.service = "bedrock";
    request.path_is_encoded = true;

    EXPECT_EQ(encoded_target(request), "/model/arn%3Aa%2Fb/converse");
    EXPECT_THAT(canonical_request(request), testing::HasSubstr("\n/model/arn%253Aa%252Fb/converse\n"));
}

}  // namespace seance::aws
