#include "store/object/directory/directory_store.hpp"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <fstream>

#include "core/base/hash.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::object {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;
using test::run;

struct DirectoryStoreTest : testing::Test {
    test::TemporaryFolder folder;
    Loop loop;
    DirectoryStore store{folder.path()};

    std::size_t files_in(const char* name) const {
        std::error_code none;
        fs::recursive_directory_iterator at(folder.path() / name, none), end;
        return static_cast<std::size_t>(
            std::count_if(at, end, [](auto& entry) { return entry.is_regular_file(); }));
    }
};

Awaitable<void> expect_round_trip(ObjectStore& store) {
    std::string body("a\0b\xff", 4);
    PutOptions options{"text/yaml", "public, max-age=60", true};
    auto put = co_await store.put("prod/releases/Séance 1.yml", body, options);
    EXPECT_TRUE(put) << put.error().what;
    auto got = co_await store.get("prod/releases/Séance 1.yml", 100);
    EXPECT_TRUE(got && *got == body);
    auto head = co_await store.head("prod/releases/Séance 1.yml");
    EXPECT_TRUE(head);
    EXPECT_EQ(head->size, 4u);
    EXPECT_EQ(head->content_type, "text/yaml");
    EXPECT_EQ(head->cache_control, "public, max-age=60");
    EXPECT_EQ(head->etag, '"' + sha256_hex(body) + '"');
    auto removed = co_await store.remove("prod/releases/Séance 1.yml");
    EXPECT_TRUE(removed);
    auto again = co_await store.remove("prod/releases/Séance 1.yml");
    EXPECT_TRUE(again);
    auto gone = co_await store.head("prod/releases/Séance 1.yml");
    EXPECT_TRUE(!gone && gone.error().reason == Reason::NotFound);
}

TEST_F(DirectoryStoreTest, KeepsBytesAndWhatIsKnownAboutThem) {
    run(loop, expect_round_trip(store));
    EXPECT_EQ(files_in(""), 0u);
    EXPECT_FALSE(fs::exists(folder.path() / "prod"));
}

class Pieces final : public BodySource {
  public:
    Pieces(std::size_t count, std::size_t size, bool breaks = false)
        : count_(count), piece_(size, 'x'), breaks_(breaks) {}
    Awaitable<Stored<std::string_view>> read() override {
        if (count_ == 0 && breaks_) {
            Failure failure{Reason::BadSource, "the sender hung up"};
            co_return failure;
        }
        if (count_ == 0) co_return std::string_view{};
        --count_;
        co_return piece_;
    }

  private:
    std::size_t count_;
    std::string piece_;
    bool breaks_;
};

Awaitable<void> expect_large(ObjectStore& store) {
    Pieces pieces(1000, 16 * 1024);
    PutOptions options;
    auto put = co_await store.put_from("large.bin", pieces, options);
    EXPECT_TRUE(put && put->size == 16'384'000u);
    auto reader = co_await store.open("large.bin");
    EXPECT_TRUE(reader);
    std::uint64_t total = 0;
    while (true) {
        auto piece = co_await (*reader)->read();
        if (!piece || piece->empty()) break;
        total += piece->size();
    }
    EXPECT_EQ(total, 16'384'000u);
    auto whole = co_await store.get("large.bin", 1000);
    EXPECT_TRUE(!whole && whole.error().reason == Reason::TooLarge);
}

TEST_F(DirectoryStoreTest, StreamsLargeObjectsBothWays) {
    run(loop, expect_large(store));
}

Awaitable<void> expect_broken_source(ObjectStore& store) {
    PutOptions options;
    auto before = co_await store.put("a/b", "old", options);
    EXPECT_TRUE(before);
    Pieces pieces(40, 16 * 1024, true);
    auto put = co_await store.put_from("a/b", pieces, options);
    EXPECT_TRUE(!put && put.error().reason == Reason::BadSource);
    auto kept = co_await store.get("a/b", 100);
    EXPECT_TRUE(kept && *kept == "old");
}

TEST_F(DirectoryStoreTest, KeepsTheOldObjectWhenTheNewOneDoesNotArriveWhole) {
    run(loop, expect_broken_source(store));
    EXPECT_EQ(files_in(".tmp"), 0u);
    EXPECT_TRUE(store.state().well);
}

Awaitable<void> expect_refused_keys(ObjectStore& store) {
    PutOptions options;
    for (auto key : {"../escape"sv, "/etc/passwd"sv, "a/../../b"sv, ".meta/a"sv, ".tmp/a"sv, ".tmp"sv,
                     "a\0b"sv, "a//b"sv}) {
        auto put = co_await store.put(std::string(key), "x", options);
        EXPECT_TRUE(!put && put.error().reason == Reason::BadKey) << key;
        auto got = co_await store.head(std::string(key));
        EXPECT_TRUE(!got && got.error().reason == Reason::BadKey) << key;
    }
    auto listed = co_await store.list("../", "", 10);
    EXPECT_FALSE(listed);
}

TEST_F(DirectoryStoreTest, RefusesKeysThatLeadOutOrIntoItsOwnFolders) {
    run(loop, expect_refused_keys(store));
    EXPECT_EQ(files_in(""), 0u);
}

Awaitable<void> expect_no_clash(ObjectStore& store) {
    PutOptions options;
    auto file = co_await store.put("a", "x", options);
    EXPECT_TRUE(file);
    auto below = co_await store.put("a/b", "x", options);
    EXPECT_TRUE(!below && below.error().reason == Reason::BadKey) << below.error().what;
    auto deep = co_await store.put("c/d", "x", options);
    EXPECT_TRUE(deep);
    auto over = co_await store.put("c", "x", options);
    EXPECT_TRUE(!over && over.error().reason == Reason::BadKey) << over.error().what;
    auto absent = co_await store.head("c");
    EXPECT_TRUE(!absent && absent.error().reason == Reason::NotFound);
}

TEST_F(DirectoryStoreTest, SaysThatANameCannotBeObjectAndFolderAtOnce) {
    run(loop, expect_no_clash(store));
    EXPECT_EQ(files_in(".tmp"), 0u);
}

Awaitable<void> expect_pages(ObjectStore& store) {
    PutOptions options;
    for (auto key : {"p/a/1", "p/a/2", "p/a.txt", "p/b", "q/z"}) {
        auto put = co_await store.put(key, "x", options);
        EXPECT_TRUE(put);
    }
    std::vector<std::string> keys;
    std::string after;
    do {
        auto page = co_await store.list("p/", after, 2);
        EXPECT_TRUE(page);
        for (auto& object : page->objects) keys.push_back(object.key);
        after = page->next;
    } while (!after.empty());
    EXPECT_EQ(keys, (std::vector<std::string>{"p/a.txt", "p/a/1", "p/a/2", "p/b"}));
    auto partial = co_await store.list("p/a", "", 1000);
    EXPECT_TRUE(partial && partial->objects.size() == 3u);
    auto none = co_await store.list("nothing/here", "", 1000);
    EXPECT_TRUE(none && none->objects.empty());
}

TEST_F(DirectoryStoreTest, ListsByPrefixInPages) {
    run(loop, expect_pages(store));
}

Awaitable<void> expect_copy(ObjectStore& store) {
    PutOptions options{"text/html", "no-cache", true};
    auto first = co_await store.put("from", "one", options);
    auto second = co_await store.put("to/here", "two", options);
    EXPECT_TRUE(first && second);
    auto copied = co_await store.copy("from", "to/here", true);
    EXPECT_TRUE(copied) << copied.error().what;
    auto same = co_await store.copy("from", "to/here", true);
    EXPECT_TRUE(same);
    auto changed = co_await store.put("from", "three", options);
    EXPECT_TRUE(changed);
    auto got = co_await store.get("to/here", 100);
    EXPECT_TRUE(got && *got == "one");
    auto head = co_await store.head("to/here");
    EXPECT_TRUE(head && head->content_type == "text/html");
    auto absent = co_await store.copy("none", "to/here", true);
    EXPECT_TRUE(!absent && absent.error().reason == Reason::NotFound);
}

TEST_F(DirectoryStoreTest, CopiesSoThatLaterChangesOfTheOriginalDoNotShow) {
    run(loop, expect_copy(store));
    EXPECT_EQ(files_in(".tmp"), 0u);
}

TEST_F(DirectoryStoreTest, IgnoresASidecarThatIsNotOfThisFile) {
    fs::create_directories(folder.path() / ".meta");
    std::ofstream(folder.path() / "a.json") << "{}";
    std::ofstream(folder.path() / ".meta/a.json") << R"({"size":99,"content_type":"text/evil"})";

    auto info = read_info(Folders{folder.path()}, "a.json");

    ASSERT_TRUE(info);
    EXPECT_EQ(info->content_type, "application/json");
}

Awaitable<void> expect_full(ObjectStore& store) {
    PutOptions options;
    auto small = co_await store.put("kept", "old", options);
    EXPECT_TRUE(small) << small.error().what;
    Pieces pieces(200, 16 * 1024);
    auto put = co_await store.put_from("kept", pieces, options);
    EXPECT_TRUE(!put && put.error().reason == Reason::NoSpace) << (put ? "stored" : put.error().what);
    EXPECT_FALSE(store.state().well);
    auto kept = co_await store.get("kept", 100);
    EXPECT_TRUE(kept && *kept == "old");
    auto again = co_await store.put("next", "fits", options);
    EXPECT_TRUE(again) << again.error().what;
    EXPECT_TRUE(store.state().well);
}

TEST_F(DirectoryStoreTest, LeavesNothingBehindWhenTheDiskIsFull) {
    auto disk = folder.path() / "disk";
    fs::create_directory(disk);
    if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0)
        GTEST_SKIP() << "DirectoryStore on a full disk: mounting a tmpfs needs root: "
                     << std::strerror(errno);
    {
        DirectoryStore small(disk);
        run(loop, expect_full(small));
        EXPECT_TRUE(fs::is_empty(disk / ".tmp"));
    }
    umount(disk.c_str());
}

}  // namespace
}  // namespace seance::object
