#include "platform/images/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/base64.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scripted_http.hpp"

// What a real registry does is in tests/integration/images; here is what one rarely does.
namespace seance::images {
namespace {

using namespace testing_support;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Blob blob(std::string bytes) {
    return {"application/octet-stream", digest_of(bytes),
            std::make_shared<const std::string>(std::move(bytes))};
}

std::shared_ptr<const Image> image_of(std::vector<Blob> layers) {
    Image image;
    image.name = "app";
    image.layers = std::move(layers);
    image.config = blob("{}");
    image.manifest = blob("{\"schemaVersion\":2}");
    return std::make_shared<const Image>(std::move(image));
}

Awaitable<void> push(Registry& registry, std::shared_ptr<const Image> image, Reference target,
                     OnProgress progress, Attempt<Pushed>& out) {
    out = co_await registry.push(std::move(image), std::move(target), std::move(progress));
}
Awaitable<void> find(Registry& registry, Reference image, Attempt<std::optional<Resolved>>& out) {
    out = co_await registry.find(std::move(image));
}

// A registry without authentication that keeps one upload at a time in memory; `before` may answer instead.
struct RegistryTest : testing::Test {
    std::function<std::string(const SeenRequest&)> before = [](const SeenRequest&) { return ""; };
    std::string uploaded;
    std::map<std::string, std::string> blobs;
    std::string range_of_get;  // "": what is there
    ScriptedHttp server{[this](const SeenRequest& request) { return answer(request); }};
    Loop loop;
    http::Client client{loop};
    Credentials credentials;
    RegistryOptions options = [] {
        RegistryOptions fast;
        fast.retry.first_pause = fast.retry.longest_pause = std::chrono::milliseconds(1);
        fast.parallel = 1;
        return fast;
    }();
    std::vector<std::uint64_t> progress;

    static std::string digest_in(const std::string& line) {
        auto at = line.find("digest=sha256%3A");
        return at == std::string::npos ? "" : "sha256:" + line.substr(at + 16, 64);
    }
    std::string location() const { return "Location: /v2/app/blobs/uploads/1?_state=s%3D\r\n"; }
    std::string answer(const SeenRequest& request) {
        if (auto special = before(request); !special.empty()) return special == "hang up" ? "" : special;
        auto is = [&](const char* begin) { return request.line.starts_with(begin); };
        if (is("HEAD")) {
            auto digest = request.line.substr(request.line.rfind('/') + 1);
            return blobs.contains(digest) ? http_answer("200 OK") : http_answer("404 Not Found");
        }
        if (is("POST")) {
            uploaded.clear();
            return http_answer("202 Accepted", location());
        }
        if (is("PATCH") || is("PUT /v2/app/blobs")) uploaded += request.body;
        auto range = "Range: 0-" + std::to_string(uploaded.empty() ? 0 : uploaded.size() - 1) + "\r\n";
        if (is("PATCH")) return http_answer("202 Accepted", location() + range);
        if (is("GET")) return http_answer("204 No Content", location() + range);
        if (is("PUT /v2/app/blobs")) {
            if (digest_of(uploaded) != digest_in(request.line))
                return http_answer("400 Bad", "", R"({"errors":[{"code":"DIGEST_INVALID","message":"m"}]})");
            blobs[digest_of(uploaded)] = uploaded;
            return http_answer("201 Created");
        }
        if (is("PUT /v2/app/manifests"))
            return http_answer("201 Created", "Docker-Content-Digest: " + digest_of(request.body) + "\r\n");
        return http_answer("202 Accepted");
    }
    Attempt<Pushed> pushed(std::shared_ptr<const Image> image) {
        auto target = *parse_reference(server.host() + "/app:1");
        Registry registry(client, target, credentials, options);
        Attempt<Pushed> out = Failure{};
        auto note = [this](const BlobProgress& at) { progress.push_back(at.sent); };
        run(loop, push(registry, std::move(image), target, note, out));
        return out;
    }
    std::string finding(std::shared_ptr<const Image> image) {
        auto out = pushed(std::move(image));
        return out ? "pushed" : out.error().what;
    }
    std::size_t count(const std::string& begin) {
        std::size_t n = 0;
        for (const auto& line : server.lines()) n += line.starts_with(begin) ? 1 : 0;
        return n;
    }
};

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
    EXPECT_EQ(server.lines().size(), 4u);
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

    EXPECT_EQ(out.error().reason, Reason::Unavailable);
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

// A token server of its own, which gives t1, t2, … that live for `expires_in`.
struct TokenTest : RegistryTest {
    int given = 0;
    std::string lifetime = "300";
    ScriptedHttp tokens{[this](const SeenRequest&) {
        return http_answer(
            "200 OK", "",
            R"({"access_token":"t)" + std::to_string(++given) + R"(","expires_in":)" + lifetime + "}");
    }};
    std::string challenge() {
        return http_answer("401 Unauthorized", "WWW-Authenticate: Bearer realm=\"http://" + tokens.host() +
                                                   "/token?x=1\",service=\"the registry\"\r\n");
    }
};

TEST_F(TokenTest, AsksForTheRightsThatEachRequestNeeds) {
    credentials.user = "u v";
    credentials.password = SecretText("p");
    before = [this](const SeenRequest& request) {
        return request.field("Authorization").empty() ? challenge() : "";
    };

    EXPECT_EQ(finding(image_of({})), "pushed");
    EXPECT_THAT(
        tokens.lines(),
        ElementsAre(
            "GET /token?x=1&service=the%20registry&scope=repository%3Aapp%3Apull%2Cpush&account=u%20v"));
    EXPECT_EQ(tokens.requests()[0].field("Authorization"), "Basic " + base64_encode("u v:p"));
    EXPECT_EQ(server.requests().back().field("Authorization"), "Bearer t1") << "kept for the whole push";
}

TEST_F(TokenTest, RenewsATokenThatEndedEarly) {
    int puts = 0;
    before = [&](const SeenRequest& request) {
        bool put = request.line.starts_with("PUT /v2/app/blobs");
        return request.field("Authorization").empty() || (put && ++puts == 1) ? challenge() : "";
    };

    EXPECT_EQ(finding(image_of({blob("layer")})), "pushed");
    EXPECT_EQ(given, 2);
    EXPECT_EQ(blobs.size(), 2u);
}

TEST_F(TokenTest, RenewsATokenThatLivesNoTime) {
    lifetime = "0";
    before = [this](const SeenRequest& request) {
        return request.field("Authorization").empty() ? challenge() : "";
    };

    EXPECT_EQ(finding(image_of({})), "pushed");
    EXPECT_EQ(static_cast<std::size_t>(given), server.lines().size() - 1)
        << "one for each request but the first";
}

TEST_F(TokenTest, AddsTheScopeThatTheRegistryDemands) {
    before = [this](const SeenRequest& request) {
        if (!request.field("Authorization").empty()) return std::string();
        auto answer = challenge();
        return answer.replace(answer.find("\r\nContent"), 0, ",scope=\"registry:catalog:*\"");
    };

    EXPECT_EQ(finding(image_of({})), "pushed");
    EXPECT_THAT(tokens.lines()[0], HasSubstr("scope=registry%3Acatalog%3A%2A"));
}

TEST_F(TokenTest, TradesAnIdentityTokenByPost) {
    credentials.identity_token = SecretText("id&");
    before = [this](const SeenRequest& request) {
        return request.field("Authorization").empty() ? challenge() : "";
    };

    EXPECT_EQ(finding(image_of({})), "pushed");
    EXPECT_EQ(tokens.lines()[0], "POST /token?x=1");
    EXPECT_EQ(tokens.requests()[0].body,
              "grant_type=refresh_token&client_id=seance&service=the%20registry&scope=repository%3Aapp%"
              "3Apull%2Cpush&"
              "refresh_token=id%26");
}

TEST_F(TokenTest, SaysThatATokenIsNotEnough) {
    before = [this](const SeenRequest&) { return challenge(); };

    EXPECT_THAT(finding(image_of({})),
                HasSubstr("to app: " + server.host() +
                          " did not accept who asks: nobody is signed in; run docker login"));
    EXPECT_EQ(count("HEAD /v2/app/manifests"), 3u) << "asked twice for a token, then no more";
}

TEST_F(TokenTest, DoesNotSendAPasswordToARealmWithoutTls) {
    credentials.user = "u";
    credentials.password = SecretText("p");
    before = [](const SeenRequest&) {
        return http_answer("401 Unauthorized",
                           "WWW-Authenticate: Bearer realm=\"http://evil.example/token\"\r\n");
    };

    EXPECT_THAT(finding(image_of({})), HasSubstr("without TLS; credentials are not sent there"));
}

TEST(Token, IsRenewedBeforeItEnds) {
    EXPECT_EQ(usable_time(std::nullopt), std::chrono::seconds(45));
    EXPECT_EQ(usable_time(300), std::chrono::seconds(270));
    EXPECT_EQ(usable_time(-5), std::chrono::seconds(0));
    EXPECT_EQ(usable_time(1'000'000'000), std::chrono::seconds(3570));
}

TEST(Loopback, IsThisMachineAlone) {
    for (auto here : {"localhost", "127.0.0.1", "127.1.2.3", "::1"}) EXPECT_TRUE(is_loopback(here)) << here;
    for (auto away : {"127.evil.example", "localhost.evil.example", "10.0.0.1", ""})
        EXPECT_FALSE(is_loopback(away)) << away;
}

}  // namespace
}  // namespace seance::images
