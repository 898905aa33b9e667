#include "platform/images/layer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "tests/support/temporary_folder.hpp"

namespace seance::images {
namespace {

struct LayerTest : testing::Test {
    testing_support::TemporaryFolder folder;

    std::string file(const std::string& name, const std::string& content) {
        auto path = (folder.path() / name).string();
        std::ofstream(path) << content;
        return path;
    }
    // What `tar` says is in the layer, in its order.
    std::string listing(const Layer& layer) {
        auto path = file("layer.tar.gz", *layer.blob.bytes);
        auto* pipe = popen(("tar --numeric-owner --utc -tvzf " + path + " 2>&1").c_str(), "r");
        std::string out(4096, '\0');
        out.resize(fread(out.data(), 1, out.size(), pipe));
        pclose(pipe);
        return out;
    }
};

LayerEntry text(const std::string& path, const std::string& content) {
    return {path, 0444, {}, content, false};
}

TEST_F(LayerTest, IsReadByTar) {
    auto layer = build_layer({{"/usr/bin/program", 0555, file("p", "12345"), {}, false},
                              {"tmp", 01777, {}, {}, true},
                              text("etc/passwd", "root\n")},
                             86'400);

    ASSERT_TRUE(layer);
    EXPECT_EQ(listing(*layer),
              "drwxr-xr-x 0/0               0 1970-01-02 00:00 etc/\n"
              "-r--r--r-- 0/0               5 1970-01-02 00:00 etc/passwd\n"
              "drwxrwxrwt 0/0               0 1970-01-02 00:00 tmp/\n"
              "drwxr-xr-x 0/0               0 1970-01-02 00:00 usr/\n"
              "drwxr-xr-x 0/0               0 1970-01-02 00:00 usr/bin/\n"
              "-r-xr-xr-x 0/0               5 1970-01-02 00:00 usr/bin/program\n");
}

TEST_F(LayerTest, DoesNotDependOnOrderOwnerModeOrTimeOfItsFiles) {
    std::vector<LayerEntry> entries{
        text("b/c", "1"), {"a", 0444, file("x", "same"), {}, false}, text("b.d", "2")};
    auto first = build_layer(entries, 0);
    auto other = file("y", "same");
    chmod(other.c_str(), 0600);
    std::reverse(entries.begin(), entries.end());
    entries[1].source = other;

    auto second = build_layer(entries, 0);

    EXPECT_EQ(first->blob.digest, second->blob.digest);
    EXPECT_EQ(first->diff_id, second->diff_id);
    EXPECT_EQ(first->blob.digest, digest_of(*first->blob.bytes));
    EXPECT_NE(first->blob.digest, build_layer(entries, 1)->blob.digest);
}

TEST_F(LayerTest, HoldsAFileLargerThanItsReadBuffer) {
    std::string large(3'000'001, 'x');
    auto from_disk = build_layer({{"a", 0444, file("large", large), {}, false}}, 0);

    EXPECT_EQ(from_disk->diff_id, build_layer({text("a", large)}, 0)->diff_id);
    EXPECT_EQ(from_disk->unpacked, 512u + 3'000'320 + 1024);
}

TEST_F(LayerTest, SaysWhatCannotBePutIn) {
    EXPECT_EQ(build_layer({text("a", ""), text("/a", "")}, 0).error().what, "/a is put into the image twice");
    EXPECT_EQ(build_layer({text("a", ""), text("a/b", "")}, 0).error().what,
              "/a is put into the image as a file and as a folder");
    EXPECT_EQ(build_layer({{"a", 0444, "/nowhere/x", {}, false}}, 0).error().what,
              "cannot read /nowhere/x: No such file or directory");
    EXPECT_EQ(build_layer({{"a", 0444, folder.path().string(), {}, false}}, 0).error().what,
              folder.path().string() + " is not a file; list the files of a folder one by one");
    EXPECT_EQ(build_layer({text("../etc/passwd", "")}, 0).error().what,
              "\"..\" is no path inside an image; write it without . and ..");
}

TEST_F(LayerTest, HasALimit) {
    auto path = file("huge", "");
    truncate(path.c_str(), static_cast<off_t>(kMostUnpacked + 1));

    EXPECT_EQ(build_layer({{"a", 0444, path, {}, false}}, 0).error().what,
              "a layer of the image is larger than 1024 MiB");
}

}  // namespace
}  // namespace seance::images
