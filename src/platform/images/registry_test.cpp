#include "platform/images/registry.hpp"

#include <gmock/gmock.h>

#include "core/base/base64.hpp"
#include "tests/support/scripted_registry.hpp"

// What a real registry does is in tests/integration/images; here is what one rarely does.
namespace seance::images {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(RegistryTest, PushesBlobsFirstAndTheManifestLast) {
    auto out = pushed(image_of({blob("layer")}));

    ASSERT_TRUE(out) << out.error().what;
    EXPECT_EQ(out->uploaded, 2u);
    EXPECT_EQ(out->bytes_sent, 7u);
    EXPECT_EQ(out->reference, server.host() + "/app:1@" + digest_of("{\"schemaVersion\":2}"));
    EXPECT_EQ(server.lines().back(), "PUT /v2/app/manifests/1");
    EXPECT_THAT(server.lines()[3], HasSubstr("/v2/app/blobs/uploads/1?_state=s%3D&digest=sha256%3A"));
}

TEST_F(RegistryTest, SendsALargeBlobInPieces) {
    options.upload.chunk = 4;

    auto out = pushed(image_of({blob("0123456789")}));

    ASSERT_TRUE(out) << out.error().what;
    EXPECT_EQ(count("PATCH"), 3u);
    EXPECT_EQ(blobs[digest_of("0123456789")], "0123456789");
    std::vector<std::string> ranges;
    for (const auto& request : server.requests())
        if (request.line.starts_with("PATCH")) ranges.push_back(request.field("Content-Range"));
    EXPECT_THAT(ranges, ElementsAre("0-3", "4-7", "8-9"));
}

TEST_F(RegistryTest, KeepsToTheLeastPieceThatARegistryTakes) {
    options.upload.chunk = 4;
    before = [this](const SeenRequest& request) {
        if (!request.line.starts_with("POST")) return std::string();
        uploaded.clear();
        return http_answer("202 Accepted", location() + "OCI-Chunk-Min-Length: 8\r\n");
    };

    EXPECT_EQ(finding(image_of({blob("0123456789")})), "pushed");
    EXPECT_EQ(count("PATCH"), 2u);
}

TEST_F(RegistryTest, GoesOnWhereACutUploadStands) {
    server.cut_next_body_after(6);

    auto out = pushed(image_of({blob("0123456789")}));

    ASSERT_TRUE(out) << out.error().what;
    EXPECT_EQ(count("POST"), 2u) << "one upload for each blob";
    EXPECT_EQ(count("GET"), 1u);
    EXPECT_EQ(blobs[digest_of("0123456789")], "0123456789");
    EXPECT_THAT(progress, Contains(6u));
}

TEST_F(RegistryTest, AsksWhereAnUploadStandsAfterAWrongRange) {
    options.upload.chunk = 4;
    int patches = 0;
    before = [&](const SeenRequest& request) {
        if (!request.line.starts_with("PATCH") || ++patches != 2) return std::string();
        uploaded += "45";  // it has more than we know
        return http_answer("416 Range Not Satisfiable", "Range: 0-5\r\n");
    };

    EXPECT_EQ(finding(image_of({blob("0123456789")})), "pushed");
    EXPECT_EQ(blobs[digest_of("0123456789")], "0123456789");
}

TEST_F(RegistryTest, BeginsAnewWhenTheUploadIsForgotten) {
    int puts = 0;
    before = [&](const SeenRequest& request) {
        return request.line.starts_with("PUT /v2/app/blobs") && ++puts == 1
                   ? http_answer("404 Not Found", "", R"({"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]})")
                   : "";
    };

    EXPECT_EQ(finding(image_of({blob("0123456789")})), "pushed");
}

TEST_F(RegistryTest, GivesUpPolitelyOnAnUploadThatIsAlwaysForgotten) {
    before = [](const SeenRequest& request) {
        return request.line.starts_with("PUT /v2/app/blobs") ? http_answer("404 Not Found") : "";
    };

    EXPECT_THAT(finding(image_of({blob("x")})), HasSubstr("lost the upload 4 times"));
    EXPECT_EQ(count("DELETE /v2/app/blobs/uploads/1"), 1u);
    EXPECT_EQ(count("PUT /v2/app/manifests"), 0u);
}

TEST_F(RegistryTest, RepeatsWhatMayPass) {
    int asked = 0;
    before = [&](const SeenRequest& request) -> std::string {
        if (request.line != "HEAD /v2/app/manifests/1") return "";
        switch (++asked) {
            case 1:
                return http_answer("503 Slow Down");
            case 2:
                return http_answer("429 Too Many", "Retry-After: 0\r\n");
            case 3:
                return "hang up";
            default:
                return "";
        }
    };

    EXPECT_EQ(finding(image_of({})), "pushed");
    EXPECT_EQ(asked, 4);
}

TEST_F(RegistryTest, GivesUpAfterItsAttempts) {
    before = [](const SeenRequest&) { return http_answer("502 Bad Gateway", "", "<html>"); };

    EXPECT_THAT(finding(image_of({})), HasSubstr("overloaded or out of order; try again later (HTTP 502)"));
    EXPECT_EQ(server.lines().size(), remote::RetryOptions{}.attempts + 0u);
}

TEST_F(RegistryTest, DoesNotWaitForAServerThatAsksForMuchTime) {
    before = [](const SeenRequest&) { return http_answer("429 Too Many", "Retry-After: 3600\r\n"); };

    EXPECT_THAT(finding(image_of({})), HasSubstr("counts too many requests"));
    EXPECT_EQ(server.lines().size(), 1u);
}

TEST_F(RegistryTest, SaysWhichServerDoesNotAnswer) {
    auto target = *parse_reference("127.0.0.1:1/app:1");
    Registry registry(client, target, {}, options);
    Attempt<Pushed> out = Failure{};

    run(loop, push(registry, image_of({}), target, {}, out));

    EXPECT_EQ(out.error().kind, FailureKind::Unreachable);
    EXPECT_EQ(out.error().what,
              "looking for 127.0.0.1:1/app:1: 127.0.0.1:1 did not answer: Connection refused");
}

TEST_F(RegistryTest, ComparesTheDigestOfTheManifest) {
    before = [](const SeenRequest& request) {
        return request.line.starts_with("PUT /v2/app/manifests")
                   ? http_answer("201 Created", "Docker-Content-Digest: " + digest_of("other") + "\r\n")
                   : "";
    };

    EXPECT_THAT(finding(image_of({})), HasSubstr("stored it as " + digest_of("other") + " instead of"));
}

TEST_F(RegistryTest, TakesTheBlobItselfForADigestWhenAHeadHasNone) {
    before = [](const SeenRequest& request) {
        if (request.line == "HEAD /v2/app/manifests/1") return http_answer("200 OK");
        if (request.line == "GET /v2/app/manifests/1")
            return http_answer("200 OK", "Content-Type: t\r\n", "manifest");
        return std::string();
    };
    auto target = *parse_reference(server.host() + "/app:1");
    Registry registry(client, target, {}, options);
    Attempt<std::optional<Resolved>> out = Failure{};

    run(loop, find(registry, target, out));

    ASSERT_TRUE(out && *out);
    EXPECT_EQ((*out)->digest, digest_of("manifest"));
    EXPECT_EQ((*out)->media_type, "t");
}

TEST_F(RegistryTest, NeverSendsItsCredentialsToAnotherHost) {
    credentials.user = "u";
    credentials.password = SecretText("p");
    ScriptedHttp storage([](const SeenRequest&) { return http_answer("201 Created"); });
    before = [&](const SeenRequest& request) {
        if (request.field("Authorization").empty())
            return http_answer("401 Unauthorized", "WWW-Authenticate: Basic realm=\"r\"\r\n");
        if (request.line.starts_with("POST"))
            return http_answer("202 Accepted", "Location: http://" + storage.host() + "/up?signature=1\r\n");
        return std::string();
    };

    EXPECT_EQ(finding(image_of({})), "pushed");
    ASSERT_EQ(storage.requests().size(), 1u);
    EXPECT_THAT(storage.requests()[0].line, HasSubstr("PUT /up?signature=1&digest="));
    EXPECT_EQ(storage.requests()[0].field("Authorization"), "");
    EXPECT_EQ(server.requests().back().field("Authorization"), "Basic " + base64_encode("u:p"));
}

TEST_F(RegistryTest, FollowsARedirectWithoutItsCredentials) {
    credentials.user = "u";
    credentials.password = SecretText("p");
    ScriptedHttp storage([](const SeenRequest&) { return http_answer("200 OK"); });
    before = [&](const SeenRequest& request) {
        if (request.field("Authorization").empty())
            return http_answer("401 Unauthorized", "WWW-Authenticate: Basic realm=\"r\"\r\n");
        if (request.line.starts_with("HEAD /v2/app/blobs"))
            return http_answer("307 Temporary Redirect", "Location: http://" + storage.host() + "/blob\r\n");
        return std::string();
    };

    auto out = pushed(image_of({}));

    ASSERT_TRUE(out) << out.error().what;
    EXPECT_EQ(out->present, 1u);
    EXPECT_EQ(storage.requests().at(0).field("Authorization"), "");
}

TEST_F(RegistryTest, MayBeRefusedToLookAndAllowedToPush) {
    before = [](const SeenRequest& request) {
        return request.line == "HEAD /v2/app/manifests/1" ? http_answer("403 Forbidden") : "";
    };

    EXPECT_EQ(finding(image_of({})), "pushed");
}

TEST_F(RegistryTest, EndsARoundOfRedirects) {
    before = [](const SeenRequest& request) {
        return http_answer("307 Temporary Redirect", "Location: " + request.line.substr(5) + "\r\n");
    };

    EXPECT_THAT(finding(image_of({})), HasSubstr("redirects without an end"));
}

}  // namespace
}  // namespace seance::images
