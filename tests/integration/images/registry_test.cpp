#include "tests/integration/images/fixture.hpp"

// Our registry client against the reference registry, through a proxy that counts and cuts.
namespace seance::images {
namespace {

using testing::HasSubstr;

struct RealRegistry : testing::Test {
    std::unique_ptr<RegistryProcess> server;
    std::unique_ptr<CuttingProxy> proxy;
    RegistryUser user;

    void SetUp() override {
        if (!have_registry())
            GTEST_SKIP() << "docker-registry is not installed (apt install docker-registry)";
        server = std::make_unique<RegistryProcess>();
        proxy = std::make_unique<CuttingProxy>(server->port());
    }
    Reference name(const std::string& rest) { return user.name(proxy->host(), rest); }
    std::string stored(const std::string& path) { return call(server->port(), "GET", path).body; }
};

TEST_F(RealRegistry, StoresAnImageToTheByte) {
    auto image = random_image(300'000);

    auto pushed = user.push(image, name("team/app:0123456"));

    ASSERT_TRUE(pushed) << pushed.error().what;
    EXPECT_EQ(pushed->uploaded, 3u);
    EXPECT_EQ(pushed->bytes_sent, image->compressed_size());
    auto manifest = call(server->port(), "GET", "/v2/team/app/manifests/0123456",
                         {{"Accept", "application/vnd.oci.image.manifest.v1+json"}});
    EXPECT_EQ(manifest.body, *image->manifest.bytes);
    for (const auto& layer : image->layers)
        EXPECT_EQ(stored("/v2/team/app/blobs/" + layer.digest), *layer.bytes);
    EXPECT_EQ(user.resolve(name("team/app:0123456"))->digest, image->digest());
    EXPECT_EQ(user.resolve(name("team/app:0123456"))->media_type, image->manifest.media_type);
}

TEST_F(RealRegistry, IsAskedOneQuestionWhenNothingChanged) {
    auto image = random_image(300'000);
    ASSERT_TRUE(user.push(image, name("app:1")));
    proxy->forget();

    auto again = user.push(image, name("app:1"));

    ASSERT_TRUE(again) << again.error().what;
    EXPECT_TRUE(again->unchanged);
    EXPECT_EQ(again->bytes_sent, 0u);
    EXPECT_EQ(proxy->requests().size(), 1u);
    EXPECT_EQ(proxy->requests()[0].line, "HEAD /v2/app/manifests/1");
}

TEST_F(RealRegistry, GetsNoBlobTwice) {
    auto image = random_image(300'000);
    ASSERT_TRUE(user.push(image, name("app:1")));
    proxy->forget();

    auto other_tag = user.push(image, name("app:2"));

    ASSERT_TRUE(other_tag) << other_tag.error().what;
    EXPECT_EQ(other_tag->present, 3u);
    EXPECT_EQ(proxy->bytes("PUT /v2/app/blobs") + proxy->bytes("PATCH") + proxy->bytes("POST"), 0u);
}

TEST_F(RealRegistry, MountsBlobsFromAnotherRepository) {
    auto image = random_image(300'000);
    auto target = name("first:1");
    Registry registry(user.client, target, {}, user.options);
    ASSERT_TRUE(user.push(registry, image, target));
    proxy->forget();

    auto mounted = user.push(registry, image, name("second/app:1"));

    ASSERT_TRUE(mounted) << mounted.error().what;
    EXPECT_EQ(mounted->mounted, 3u);
    EXPECT_EQ(mounted->bytes_sent, 0u);
    EXPECT_EQ(proxy->count("POST /v2/second/app/blobs/uploads/?mount=sha256%3A"), 3u);
    EXPECT_EQ(digest_of(stored("/v2/second/app/blobs/" + image->layers[1].digest)), image->layers[1].digest);
}

TEST_F(RealRegistry, GetsTheRestOfAnUploadThatWasCutBetweenPieces) {
    user.options.upload.chunk = 64 * 1024;
    auto image = random_image(300'000);
    proxy->cut("PATCH", 3, CuttingProxy::Cut::BeforeTheServer);

    auto pushed = user.push(image, name("app:1"));

    ASSERT_TRUE(pushed) << pushed.error().what;
    EXPECT_EQ(proxy->count("POST"), 3u) << "no upload was begun anew";
    EXPECT_EQ(proxy->bytes("PATCH"), 300'000u + 64 * 1024) << "one piece was sent twice";
    EXPECT_EQ(digest_of(stored("/v2/app/blobs/" + image->layers[1].digest)), image->layers[1].digest);
}

TEST_F(RealRegistry, GetsAnUploadThatWasCutInsideAPiece) {
    user.options.upload.chunk = 64 * 1024;
    auto image = random_image(300'000);
    proxy->cut("PATCH", 3, CuttingProxy::Cut::InTheBody);

    auto pushed = user.push(image, name("app:1"));

    ASSERT_TRUE(pushed) << pushed.error().what;
    EXPECT_EQ(digest_of(stored("/v2/app/blobs/" + image->layers[1].digest)), image->layers[1].digest);
}

TEST_F(RealRegistry, GetsAnUploadThatWasCutInItsOnlyRequest) {
    auto image = random_image(300'000);
    proxy->cut("PUT", 1, CuttingProxy::Cut::InTheBody);

    auto pushed = user.push(image, name("app:1"));

    ASSERT_TRUE(pushed) << pushed.error().what;
    EXPECT_EQ(digest_of(stored("/v2/app/blobs/" + image->layers[1].digest)), image->layers[1].digest);
}

TEST_F(RealRegistry, IsBelievedWhenOnlyItsAnswerWasLost) {
    user.options.parallel = 1;
    auto image = random_image(300'000);
    proxy->cut("PUT", 2, CuttingProxy::Cut::BeforeTheAnswer);

    auto pushed = user.push(image, name("app:1"));

    ASSERT_TRUE(pushed) << pushed.error().what;
    EXPECT_EQ(proxy->bytes("PUT /v2/app/blobs"), image->compressed_size())
        << "the blob was there: not sent again";
}

TEST_F(RealRegistry, ThatDiesIsNamed) {
    user.options.upload.chunk = 64 * 1024;
    auto image = random_image(300'000);
    proxy->cut("PATCH", 3, CuttingProxy::Cut::BeforeTheServer, [this] { server->kill(); });

    auto pushed = user.push(image, name("app:1"));

    ASSERT_FALSE(pushed);
    EXPECT_EQ(pushed.error().kind, FailureKind::Unreachable);
    EXPECT_THAT(pushed.error().what, HasSubstr(proxy->host() + " did not answer: "));

    server->start();
    auto again = user.push(image, name("app:1"));
    EXPECT_TRUE(again) << again.error().what;
}

TEST_F(RealRegistry, IsPushedToOverTlsWhenItsCertificateIsGood) {
    TemporaryFolder folder;
    auto key = (folder.path() / "key.pem").string(), certificate = (folder.path() / "cert.pem").string();
    auto make =
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext "
        "subjectAltName=DNS:localhost -keyout " +
        key + " -out " + certificate + " 2>/dev/null";
    ASSERT_EQ(std::system(make.c_str()), 0);
    RegistryProcess tls("", "  tls:\n    certificate: " + certificate + "\n    key: " + key + "\n");
    auto target = user.name("localhost:" + std::to_string(tls.port()), "app:1");
    user.options.transport = Transport::Tls;
    auto image = random_image(300'000);

    auto distrusted = user.push(image, target);
    auto options = registry_client_options();
    options.ca_file = certificate;
    http::Client trusting(user.loop, options);
    Registry registry(trusting, target, {}, user.options);
    auto pushed = user.push(registry, image, target);

    EXPECT_EQ(distrusted.error().kind, FailureKind::Unreachable);
    EXPECT_THAT(distrusted.error().what, HasSubstr("TLS"));
    ASSERT_TRUE(pushed) << pushed.error().what;
    EXPECT_EQ(pushed->uploaded, 3u);
}

TEST_F(RealRegistry, ListsTags) {
    auto image = random_image(10);
    for (auto tag : {"b", "a", "c"}) ASSERT_TRUE(user.push(image, name(std::string("app:") + tag)));

    auto tags = user.tags(name("app"));

    ASSERT_TRUE(tags) << tags.error().what;
    std::sort(tags->begin(), tags->end());
    EXPECT_EQ(*tags, (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(user.tags(name("nothing")).error().kind, FailureKind::NotFound);
}

TEST_F(RealRegistry, SaysWhichImageIsMissing) {
    auto missing = user.resolve(name("valkey:8"));

    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, FailureKind::NotFound);
    EXPECT_EQ(missing.error().what,
              "there is no image " + proxy->host() + "/valkey:8; check its name and tag");
}

TEST_F(RealRegistry, TakesAManifestThatIsAnIndexForWhatItIs) {
    auto image = random_image(10);
    ASSERT_TRUE(user.push(image, name("valkey:amd64")));
    std::string index =
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{)"
        R"("mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
        image->digest() + R"(","size":)" + std::to_string(image->manifest.size()) +
        R"(,"platform":{"architecture":"amd64","os":"linux"}}]})";
    ASSERT_EQ(call(server->port(), "PUT", "/v2/valkey/manifests/8",
                   {{"Content-Type", "application/vnd.oci.image.index.v1+json"}}, index)
                  .status,
              201);

    auto pinned = user.resolve(name("valkey:8"));

    ASSERT_TRUE(pinned) << pinned.error().what;
    EXPECT_EQ(pinned->digest, digest_of(index)) << "the index, not one platform's manifest";
}

}  // namespace
}  // namespace seance::images
