#include "platform/images/native_images.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/support/temporary_folder.hpp"

namespace seance::images {
namespace {

const Commit kCommit{"0123456789abcdef0123456789abcdef01234567", 1'764'000'000, ""};

struct NativeImagesTest : testing::Test {
    testing_support::TemporaryFolder folder;
    NativeImages images{[this] {
        NativeOptions options;
        options.certificates = write("ca.crt", "certificates");
        return options;
    }()};

    std::string write(const std::string& name, const std::string& content) {
        auto path = folder.path() / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << content;
        return path.string();
    }
    ImageSpec spec() {
        ImageSpec spec;
        spec.name = "true";
        spec.program = "/bin/true";
        return spec;
    }
};

bool has(const std::vector<NeededFile>& files, const std::string& destination) {
    return std::any_of(files.begin(), files.end(),
                       [&](const auto& f) { return f.destination == destination; });
}

TEST(FindNeeds, FindsTheLoaderAndEveryLibrary) {
    auto needs = find_needs(std::filesystem::read_symlink("/proc/self/exe").string(), library_folders());

    ASSERT_TRUE(needs) << needs.error().what;
    EXPECT_EQ(needs->architecture, "amd64");
    EXPECT_TRUE(has(needs->files, "/lib64/ld-linux-x86-64.so.2"));
    EXPECT_TRUE(has(needs->files, "/lib/x86_64-linux-gnu/libc.so.6"));
    EXPECT_TRUE(has(needs->files, "/lib/x86_64-linux-gnu/libm.so.6"))
        << "libstdc++ needs it, whoever else does";
}

TEST(FindNeeds, NamesTheLibraryThatIsMissing) {
    auto needs = find_needs("/bin/true", {"/nowhere"});

    ASSERT_FALSE(needs);
    EXPECT_EQ(
        needs.error().what,
        "/bin/true needs the shared library libc.so.6, which is in none of the folders that the loader looks "
        "in; install it, or run ldconfig");
}

TEST_F(NativeImagesTest, ReadsTheFoldersOfTheLoadersConfiguration) {
    write("conf.d/b.conf", "/b # its folder\n");
    write("conf.d/a.conf", "/a\n");
    auto path = write("ld.so.conf", "include conf.d/*.conf\n/c\ninclude ld.so.conf\n");

    auto folders = library_folders(path);

    EXPECT_EQ(std::vector<std::string>(folders.begin(), folders.begin() + 3),
              (std::vector<std::string>{"/a", "/b", "/c"}));
    EXPECT_EQ(folders.back(), "/usr/lib");
}

TEST_F(NativeImagesTest, MakesTheSameImageTwice) {
    auto mine = spec();
    mine.files = {{write("web/index.html", "hello"), "/web/index.html"}};
    NativeOptions options;
    options.certificates = (folder.path() / "ca.crt").string();
    NativeImages others(options);

    auto first = images.build(mine, kCommit), second = others.build(mine, kCommit);

    ASSERT_TRUE(first) << first.error().what;
    EXPECT_EQ(first->digest(), second->digest());
    EXPECT_EQ(first->layers.size(), 2u) << "/bin/true needs libc alone: no layer of further libraries";
}

TEST_F(NativeImagesTest, SharesTheLowerLayerBetweenImages) {
    auto other = spec();
    other.program = "/bin/false";

    auto first = images.build(spec(), kCommit), second = images.build(other, kCommit);

    EXPECT_EQ(first->layers[0].digest, second->layers[0].digest);
    EXPECT_EQ(first->layers[0].bytes, second->layers[0].bytes) << "made once";
    EXPECT_NE(first->layers[1].digest, second->layers[1].digest);
}

TEST_F(NativeImagesTest, PutsLibrariesOfItsOwnInALayerBetween) {
    auto mine = spec();
    mine.program = std::filesystem::read_symlink("/proc/self/exe").string();

    auto image = images.build(mine, kCommit);

    ASSERT_TRUE(image) << image.error().what;
    EXPECT_EQ(image->layers.size(), 3u) << "this test needs libgtest";
}

TEST_F(NativeImagesTest, TakesFoldersApart) {
    write("site/a/b.txt", "b");
    write("site/c.txt", "c");
    auto mine = spec();
    mine.files = {{(folder.path() / "site").string() + "/", "/srv/"}};

    auto entries = own_entries(mine);

    ASSERT_TRUE(entries) << entries.error().what;
    std::vector<std::string> paths;
    for (const auto& entry : *entries) paths.push_back(entry.path);
    std::sort(paths.begin(), paths.end());
    EXPECT_EQ(paths, (std::vector<std::string>{"/srv/a/b.txt", "/srv/c.txt", "/usr/bin/true"}));
}

TEST_F(NativeImagesTest, RefusesAProgramForAnotherMachine) {
    NativeOptions options;
    options.architecture = "arm64";

    auto image = NativeImages(options).build(spec(), kCommit);

    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().what,
              "/bin/true is a program for amd64, and images are for arm64; use --builder docker");
}

TEST_F(NativeImagesTest, SaysWhatIsWrongWithASpec) {
    auto problem = [&](ImageSpec bad) {
        auto image = images.build(bad, kCommit);
        return image ? "fine" : image.error().what;
    };
    auto bad = spec();
    bad.program = "/nowhere/program";
    EXPECT_EQ(problem(bad), "the program /nowhere/program of true is not built; run ./dev build");
    bad = spec();
    bad.files = {{"/nowhere/site", "/srv"}};
    EXPECT_EQ(problem(bad), "the image of true: there is no file or folder /nowhere/site");
    bad.files = {{"/bin/true", "srv"}};
    EXPECT_EQ(problem(bad), "the image of true: /bin/true goes to \"srv\"; write an absolute path");
    bad = spec();
    bad.program = write("script", "#!/bin/sh\n");
    EXPECT_EQ(problem(bad), bad.program + " is not a program: it does not begin as an ELF file");
    write("site/file", "");
    std::filesystem::create_symlink("/etc/shadow", folder.path() / "site/link");
    bad = spec();
    bad.files = {{(folder.path() / "site").string(), "/srv"}};
    EXPECT_EQ(problem(bad), (folder.path() / "site/link").string() +
                                " is neither a file nor a folder; an image takes no links");
}

}  // namespace
}  // namespace seance::images
