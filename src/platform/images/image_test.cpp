#include "platform/images/image.hpp"

#include <gtest/gtest.h>

namespace seance::images {
namespace {

const Commit kCommit{"0123456789abcdef0123456789abcdef01234567", 1'764'000'000, "https://git.example/seance"};

Layer layer(const std::string& bytes) {
    return {{"application/vnd.oci.image.layer.v1.tar+gzip", digest_of(bytes),
             std::make_shared<const std::string>(bytes)},
            "sha256:" + std::string(64, '0'),
            10};
}

ImageSpec spec() {
    ImageSpec spec;
    spec.name = "backend";
    spec.program = "build/bin/seance-backend";
    spec.port = 8765;
    spec.env = {{"PORT", "8765"}};
    return spec;
}

TEST(Image, IsTheseBytes) {
    auto image = assemble(spec(), kCommit, "amd64", {layer("below"), layer("above")});

    EXPECT_EQ(*image.config.bytes,
              R"({"created":"2025-11-24T16:00:00Z","architecture":"amd64","os":"linux","config":{)"
              R"("User":"65532:65532","ExposedPorts":{"8765/tcp":{}},)"
              R"("Env":["PORT=8765","SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"],)"
              R"("Entrypoint":["/usr/bin/seance-backend"],"WorkingDir":"/","Labels":{)"
              R"("org.opencontainers.image.created":"2025-11-24T16:00:00Z",)"
              R"("org.opencontainers.image.revision":"0123456789abcdef0123456789abcdef01234567",)"
              R"("org.opencontainers.image.source":"https://git.example/seance",)"
              R"("org.opencontainers.image.title":"backend","org.opencontainers.image.version":"0123456"},)"
              R"("StopSignal":"SIGTERM"},"rootfs":{"type":"layers","diff_ids":["sha256:)" +
                  std::string(64, '0') + R"(","sha256:)" + std::string(64, '0') + R"("]}})");
    EXPECT_EQ(image.manifest.bytes->substr(0, 148),
              R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{)"
              R"("mediaType":"application/vnd.oci.image.config.v1+json","digest)");
    EXPECT_EQ(image.digest(), digest_of(*image.manifest.bytes));
}

TEST(Image, ListsItsLayersFromTheLowest) {
    auto image = assemble(spec(), kCommit, "amd64", {layer("below"), layer("above")});
    const auto& text = *image.manifest.bytes;

    EXPECT_LT(text.find(digest_of("below")), text.find(digest_of("above")));
    EXPECT_NE(text.find(digest_of("above")), std::string::npos);
    EXPECT_EQ(image.compressed_size(), image.config.size() + 10);
}

TEST(Image, ChangesWithItsCommit) {
    auto other = kCommit;
    other.revision[0] = '1';

    EXPECT_NE(assemble(spec(), kCommit, "amd64", {}).digest(), assemble(spec(), other, "amd64", {}).digest());
    EXPECT_EQ(assemble(spec(), kCommit, "amd64", {}).digest(),
              assemble(spec(), kCommit, "amd64", {}).digest());
}

TEST(Image, LetsASpecReplaceLabelsAndVariables) {
    auto mine = spec();
    mine.labels = {{"org.opencontainers.image.title", "Backend"}, {"team", "a"}};
    mine.env["SSL_CERT_FILE"] = "/own.crt";

    auto labels = labels_of(mine, kCommit);

    EXPECT_EQ(labels["org.opencontainers.image.title"], "Backend");
    EXPECT_EQ(labels["team"], "a");
    EXPECT_NE(assemble(mine, kCommit, "amd64", {}).config.bytes->find("SSL_CERT_FILE=/own.crt"),
              std::string::npos);
}

}  // namespace
}  // namespace seance::images
