#include "platform/images/reference.hpp"

#include <gtest/gtest.h>

#include <random>

namespace seance::images {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

Reference parsed(std::string_view text) {
    auto reference = parse_reference(text);
    EXPECT_TRUE(reference) << text << ": " << (reference ? "" : reference.error().what);
    return reference ? *reference : Reference{};
}

std::string problem_of(std::string_view text) {
    auto reference = parse_reference(text);
    return reference ? "parsed as " + reference->text() : reference.error().what;
}

TEST(Reference, TakesAWordForAnOfficialImageOfDockerHub) {
    auto valkey = parsed("valkey:8");

    EXPECT_EQ(valkey.text(), "docker.io/library/valkey:8");
    EXPECT_EQ(valkey.api_host(), "registry-1.docker.io");
    EXPECT_EQ(valkey.credential_key(), "https://index.docker.io/v1/");
}

TEST(Reference, KnowsDockerHubByItsOtherNames) {
    EXPECT_EQ(parsed("index.docker.io/a/b"), parsed("docker.io/a/b"));
    EXPECT_EQ(parsed("registry-1.docker.io/b"), parsed("b"));
}

TEST(Reference, TakesTheFirstPartForAHostOnlyWithADotAPortOrAsLocalhost) {
    EXPECT_EQ(parsed("valkey/valkey").host, "docker.io");
    EXPECT_EQ(parsed("ghcr.io/valkey").host, "ghcr.io");
    EXPECT_EQ(parsed("box:5000/valkey").host, "box:5000");
    EXPECT_EQ(parsed("localhost/valkey").repository, "valkey");
    EXPECT_EQ(parsed("[::1]:5000/a").host, "[::1]:5000");
}

TEST(Reference, TellsAPortFromATag) {
    auto both = parsed("localhost:5000/team/app:v1.2@" + kDigest);

    EXPECT_EQ(both.host, "localhost:5000");
    EXPECT_EQ(both.tag, "v1.2");
    EXPECT_EQ(both.digest, kDigest);
    EXPECT_EQ(both.manifest_name(), kDigest);
    EXPECT_EQ(parsed("localhost:5000/app").manifest_name(), "latest");
}

TEST(Reference, TakesTheSeparatorsOfRepositories) {
    for (auto good : {"a.b/c", "a_b/c", "a__b/c", "a---b/c", "0/1", "a/b/c/d"})
        EXPECT_TRUE(is_repository(good)) << good;
    for (auto bad : {"", "a//b", "/a", "a/", "a..b", "a___b", "a.-b", "-a", "a-", "A", "a b", "\xc3\xa9"})
        EXPECT_FALSE(is_repository(bad)) << bad;
}

TEST(Reference, SaysWhatIsWrong) {
    EXPECT_EQ(problem_of("Team/App:1"),
              "the image name \"Team/App:1\" has capitals in its repository; write team/app");
    EXPECT_EQ(
        problem_of("app:"),
        "the image name \"app:\" has a tag that cannot be one; use up to 128 letters, digits, _ . or -");
    EXPECT_EQ(
        problem_of("app@sha256:12"),
        "the image name \"app@sha256:12\" has a digest that is not sha256: and 64 lower-case hex digits");
    EXPECT_EQ(problem_of("host:0/app"),
              "the image name \"host:0/app\" begins with a host that cannot be one; write host or host:port");
    EXPECT_EQ(problem_of(""),
              "the image name \"\" has no repository; write one such as docker.io/name/app:tag");
    EXPECT_EQ(problem_of("a\nb").find("the image name \"…\" has a repository"), 0u);
}

TEST(Reference, HasLimits) {
    EXPECT_TRUE(is_tag(std::string(128, 'a')));
    EXPECT_FALSE(is_tag(std::string(129, 'a')));
    EXPECT_TRUE(is_repository(std::string(255, 'a')));
    EXPECT_FALSE(is_repository(std::string(256, 'a')));
    EXPECT_NE(problem_of(std::string(513, 'a')).find("longer than 512"), std::string::npos);
    EXPECT_NE(problem_of("h.x/" + std::string(256, 'a')).find("longer than 255"), std::string::npos);
}

// Whatever parses prints to something that parses to the same; what does not parse says why.
TEST(Reference, PrintsWhatParsesToTheSameAgain) {
    std::mt19937 random(1);
    const std::string_view pieces[] = {"a",         "b9", "/", ":", "@",     ".", "-", "__",
                                       "localhost", "80", "A", "_", kDigest, "[", "]", "docker.io"};
    int good = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::string text;
        for (auto n = random() % 9; n > 0; --n) text += pieces[random() % std::size(pieces)];

        auto reference = parse_reference(text);

        if (!reference) {
            EXPECT_FALSE(reference.error().what.empty());
            continue;
        }
        ++good;
        auto again = parse_reference(reference->text());
        ASSERT_TRUE(again) << text;
        EXPECT_EQ(*again, *reference) << text;
    }
    EXPECT_GT(good, 1000);
}

}  // namespace
}  // namespace seance::images
