#include "net/files/tree.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/support/site_folder.hpp"

namespace seance::files {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::SiteFolder;

std::vector<std::string> paths_of(const Tree& tree) {
    std::vector<std::string> paths;
    for (const auto& file : tree.files) paths.push_back(file.path);
    return paths;
}

}  // namespace

TEST(Tree, FindsFilesButNoHiddenOnes) {
    SiteFolder site;
    site.write("index.html", "x").write("a/b/c.js", "xy").write(".env", "SECRET").write(".git/config", "x");
    site.write("a/.hidden", "x").write(".well-known/security.txt", "x");

    auto tree = scan_tree(site.root()).value();

    EXPECT_THAT(paths_of(tree), ElementsAre("/.well-known/security.txt", "/a/b/c.js", "/index.html"));
    EXPECT_EQ(tree.files[1].size, 2U);
    EXPECT_THAT(tree.ignored, IsEmpty());
}

TEST(Tree, FollowsLinksBelowTheRootOnly) {
    SiteFolder outside, site;
    outside.write("secret.txt", "x").write("folder/secret.txt", "x");
    site.write("real/page.txt", "x");
    site.link("inside.txt", site.root() / "real/page.txt").link("dir", site.root() / "real");
    site.link("out.txt", outside.root() / "secret.txt").link("outdir", outside.root() / "folder");
    site.link("broken", site.root() / "nothing").link("real/loop", site.root());

    auto tree = scan_tree(site.root()).value();

    EXPECT_THAT(paths_of(tree), ElementsAre("/dir/page.txt", "/inside.txt", "/real/page.txt"));
    EXPECT_THAT(
        tree.ignored,
        testing::IsSupersetOf({HasSubstr("/out.txt leaves the root"), HasSubstr("/outdir leaves the root"),
                               HasSubstr("/broken leads nowhere"), HasSubstr("/real/loop leads back")}));
}

TEST(Tree, IsNotFooledByARootWhoseNameIsAPrefix) {
    SiteFolder both;
    both.write("site/page.txt", "x").write("site-secret/key.txt", "x");
    both.link("site/key.txt", both.root() / "site-secret/key.txt");

    EXPECT_THAT(paths_of(scan_tree(both.root() / "site").value()), ElementsAre("/page.txt"));
}

TEST(Tree, LeavesOutWhatIsNoFileOrCannotBeSpelled) {
    SiteFolder site;
    site.write("good.txt", "x")
        .write("back\\slash.txt", "x")
        .write("new\nline.txt", "x")
        .write("latin\xe9.txt", "x");
    ::mkfifo((site.root() / "pipe").c_str(), 0600);

    auto tree = scan_tree(site.root()).value();

    EXPECT_THAT(paths_of(tree), ElementsAre("/good.txt"));
    EXPECT_EQ(tree.ignored.size(), 4U);
}

TEST(Tree, SaysWhichRootCannotBeRead) {
    auto tree = scan_tree("/nonexistent/site");

    ASSERT_FALSE(tree);
    EXPECT_THAT(tree.error().what, HasSubstr("/nonexistent/site is no folder that can be read"));
}

}  // namespace seance::files
