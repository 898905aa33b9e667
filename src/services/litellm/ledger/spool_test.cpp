#include "services/litellm/ledger/spool.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temporary_folder.hpp"

namespace {

int syncs_until_one_fails = -1;  // less than 0: none does

}  // namespace

// In place of the C library's: a disk that fails cannot be had here.
extern "C" int msync(void* at, std::size_t size, int flags) {
    if (syncs_until_one_fails >= 0 && syncs_until_one_fails-- == 0) {
        errno = EIO;
        return -1;
    }
    return static_cast<int>(syscall(SYS_msync, at, size, flags));
}

namespace seance::litellm {
namespace {

constexpr std::uint64_t kRoom = 64 << 20;

std::size_t files_in(const std::filesystem::path& folder) {
    std::size_t count = 0;
    for (auto& item : std::filesystem::recursive_directory_iterator(folder))
        count += item.path().extension() == ".spool" ? 1 : 0;
    return count;
}

// Of what is mapped of files with that name.
std::size_t kib_in_memory(const std::string& name) {
    std::ifstream maps("/proc/self/smaps");
    bool is_it = false;
    std::size_t sum = 0;
    for (std::string line; std::getline(maps, line);) {
        if (line.ends_with(name)) is_it = true;
        if (is_it && line.starts_with("Rss:")) {
            sum += std::stoul(line.substr(4));
            is_it = false;
        }
    }
    return sum;
}

TEST(Spool, GivesEntriesInOrderUntilTheyAreDelivered) {
    testing_support::TemporaryFolder folder;
    Spool spool(folder.path().string(), kRoom);
    for (auto text : {"one", "two", "three"}) EXPECT_TRUE(spool.append(text, "record"));

    spool.delivered(1);

    auto left = spool.oldest(10);
    ASSERT_EQ(left.size(), 2u);
    EXPECT_EQ(left[0].number, 2u);
    EXPECT_EQ(left[0].operations, "two");
    EXPECT_EQ(left[1].record, "record");
    spool.delivered(3);
    EXPECT_TRUE(spool.empty());
}

TEST(Spool, SaysBeforehandWhyAFolderCannotBeUsed) {
    testing_support::TemporaryFolder folder;
    auto file = (folder.path() / "file").string();
    std::ofstream(file) << "x";

    EXPECT_FALSE(Spool::check((folder.path() / "a" / "b").string()));
    EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "a" / "b")) << "the trial is gone";
    auto problem = Spool::check(file + "/spool");
    ASSERT_TRUE(problem);
    EXPECT_NE(problem->what.find(file + "/spool cannot be made: Not a directory"), std::string::npos);
    EXPECT_NE(problem->what.find("LITELLM_SPOOL_DIR"), std::string::npos);
    ASSERT_EQ(symlink(folder.path().c_str(), (folder.path() / "link").c_str()), 0);
    EXPECT_NE(Spool::check((folder.path() / "link").string())->what.find("is not a folder of this user"),
              std::string::npos);
}

TEST(Spool, LeavesNothingOnDiskOnceAllIsDelivered) {
    testing_support::TemporaryFolder folder;
    {
        Spool spool(folder.path().string(), kRoom);
        std::string large(400'000, 'x');
        for (int i = 0; i < 20; ++i) EXPECT_TRUE(spool.append("{}", large));
        EXPECT_GT(files_in(folder.path()), 5u);
        spool.delivered(20);
        EXPECT_EQ(files_in(folder.path()), 1u);
    }
    EXPECT_EQ(files_in(folder.path()), 0u);
}

TEST(Spool, PutsFullFilesOnDiskOnceAndReadsThemAgain) {
    testing_support::TemporaryFolder folder;
    Spool spool(folder.path().string(), kRoom);
    const std::string large(400'000, 'x');
    for (int i = 0; i < 6; ++i) ASSERT_TRUE(spool.append(large, std::to_string(i)));  // two a file

    auto unsynced = spool.take_unsynced();
    sync(unsynced);

    EXPECT_EQ(unsynced.full.size(), 2u);
    EXPECT_TRUE(unsynced.filling);
    EXPECT_TRUE(spool.take_unsynced().full.empty());
    auto entries = spool.oldest(10);
    ASSERT_EQ(entries.size(), 6u);
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(entries[static_cast<std::size_t>(i)].operations, large);
        EXPECT_EQ(entries[static_cast<std::size_t>(i)].record, std::to_string(i));
    }
    spool.delivered(3);
    for (int i = 6; i < 8; ++i) ASSERT_TRUE(spool.append(large, std::to_string(i)));
    EXPECT_EQ(spool.take_unsynced().full.size(), 1u) << "the third; the second is on disk, the first is gone";
    spool.delivered(8);
    EXPECT_TRUE(spool.empty());
    EXPECT_TRUE(spool.take_unsynced().full.empty());
}

TEST(Spool, LeavesFilesOutOfMemoryWhoseTurnHasNotCome) {
    testing_support::TemporaryFolder folder;
    Spool spool(folder.path().string(), kRoom);
    for (int i = 0; i < 6; ++i) ASSERT_TRUE(spool.append(std::string(400'000, 'x'), ""));  // two a file
    EXPECT_GT(kib_in_memory("000000000002.spool"), 0u);

    sync(spool.take_unsynced());
    EXPECT_EQ(spool.oldest(2).size(), 2u);

    EXPECT_GT(kib_in_memory("000000000001.spool"), 0u);
    EXPECT_EQ(kib_in_memory("000000000002.spool"), 0u);
}

TEST(Spool, GivesNoneAfterThoseThatAreLongTogetherButOneAtLeast) {
    testing_support::TemporaryFolder folder;
    Spool spool(folder.path().string(), kRoom);
    for (int i = 0; i < 7; ++i) ASSERT_TRUE(spool.append(std::string(300'000, 'x'), "y"));  // three a file

    EXPECT_EQ(spool.oldest(10, 1).size(), 1u);
    EXPECT_EQ(spool.oldest(10, 300'001).size(), 1u);
    EXPECT_EQ(spool.oldest(10, 300'002).size(), 2u);
    EXPECT_EQ(spool.oldest(10, 1'000'000).size(), 4u);
    EXPECT_EQ(spool.oldest(2, 1'000'000).size(), 2u);
    sync(spool.take_unsynced());
    EXPECT_EQ(spool.oldest(10, 900'000).size(), 3u);
    EXPECT_EQ(kib_in_memory("000000000002.spool"), 0u) << "not looked at";
}

TEST(Spool, HoldsInMemoryWhatADiskThatFailsMayLoseUntilASyncIsGood) {
    testing_support::TemporaryFolder folder;
    Spool spool(folder.path().string(), kRoom, Duration{0});
    const std::string large(400'000, 'x');
    for (int i = 0; i < 6; ++i) ASSERT_TRUE(spool.append(large, std::to_string(i)));  // two a file

    syncs_until_one_fails = 1;  // the second file
    spool.after_sync(sync(spool.take_unsynced()));

    EXPECT_TRUE(spool.sync_fails());
    EXPECT_NE(spool.problem().find("/000000000002.spool cannot be put on disk: Input/output error"),
              std::string::npos)
        << spool.problem();
    EXPECT_EQ(files_in(folder.path()), 1u) << "what the disk has of the others may not be read again";
    auto problem = spool.problem();
    ASSERT_TRUE(spool.append("after", "6"));
    EXPECT_EQ(files_in(folder.path()), 3u) << "all but the first in new ones";
    syncs_until_one_fails = 0;
    spool.after_sync(sync(spool.take_unsynced()));
    EXPECT_EQ(spool.problem(), problem) << "the same trouble is told once";
    spool.settle_on_disk();
    spool.after_sync(sync(spool.take_unsynced()));
    EXPECT_EQ(spool.problem(), "");
    auto entries = spool.oldest(10);
    ASSERT_EQ(entries.size(), 7u);
    EXPECT_EQ(spool.waiting(), 7u);
    for (std::size_t i = 0; i < 7; ++i) {
        EXPECT_EQ(entries[i].number, i + 1);
        EXPECT_EQ(entries[i].operations, i < 6 ? large : "after");
        EXPECT_EQ(entries[i].record, std::to_string(i));
    }
    spool.delivered(7);
    EXPECT_TRUE(spool.empty());
    EXPECT_EQ(files_in(folder.path()), 1u);
}

TEST(Spool, WaitsInMemoryWhileTheDiskFailsAndIsNotTriedAgainYet) {
    testing_support::TemporaryFolder folder;
    Spool spool(folder.path().string(), kRoom, std::chrono::hours(1));
    ASSERT_TRUE(spool.append("one", "r"));
    syncs_until_one_fails = 0;
    spool.after_sync(sync(spool.take_unsynced()));

    ASSERT_TRUE(spool.append("two", "r"));

    EXPECT_EQ(files_in(folder.path()), 0u);
    spool.after_sync(sync(spool.take_unsynced()));
    EXPECT_TRUE(spool.sync_fails()) << "nothing was synced that could tell otherwise";
    auto entries = spool.oldest(10);
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(entries[0].operations, "one");
    EXPECT_EQ(entries[1].operations, "two");
    spool.delivered(1);
    EXPECT_EQ(spool.waiting(), 1u);
}

TEST(Spool, LosesNothingMoreWhereWhatFailedWasDeliveredMeanwhile) {
    testing_support::TemporaryFolder folder;
    Spool spool(folder.path().string(), kRoom);
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(spool.append(std::string(400'000, 'x'), ""));  // two a file
    syncs_until_one_fails = 0;
    auto synced = sync(spool.take_unsynced());
    spool.delivered(3);

    spool.after_sync(std::move(synced));

    EXPECT_TRUE(spool.sync_fails());
    ASSERT_EQ(spool.oldest(10).size(), 1u);
    EXPECT_EQ(spool.oldest(10)[0].number, 4u);
}

TEST(Spool, SurvivesAKillAndIsAdoptedOnce) {
    testing_support::TemporaryFolder folder;
    auto child = fork();
    if (child == 0) {
        auto* spool = new Spool(folder.path().string(), kRoom);
        for (int i = 0; i < 1000; ++i) spool->append(std::to_string(i), "r");
        spool->delivered(100);
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    waitpid(child, &status, 0);

    auto found = Spool::adopt(folder.path().string());

    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0]->waiting(), 900u);
    EXPECT_EQ(found[0]->oldest(1)[0].operations, "100");
    EXPECT_TRUE(Spool::adopt(folder.path().string()).empty()) << "locked";
    found[0]->delivered(1000);
    found.clear();
    EXPECT_EQ(files_in(folder.path()), 0u);
}

TEST(Spool, LeavesALivingWriterAlone) {
    testing_support::TemporaryFolder folder;
    Spool spool(folder.path().string(), kRoom);
    spool.append("a", "b");

    EXPECT_TRUE(Spool::adopt(folder.path().string()).empty());
}

TEST(Spool, KeepsEntriesInMemoryWhenTheDiskIsFullUpToItsBound) {
    testing_support::TemporaryFolder folder;
    Spool spool(folder.path().string(), 100);
    for (std::size_t i = 0; i < Spool::kMostInMemory; ++i) EXPECT_TRUE(spool.append("o", "r"));

    EXPECT_FALSE(spool.append("o", "r"));
    EXPECT_NE(spool.problem(), "");
    EXPECT_EQ(spool.oldest(5).size(), 5u);
    spool.delivered(Spool::kMostInMemory);
    EXPECT_TRUE(spool.empty());
}

TEST(Spool, PutsOnDiskWhatWaitedInMemoryOnceThereIsRoom) {
    testing_support::TemporaryFolder folder;
    auto inside = folder.path() / "spool";
    std::ofstream(inside) << "a file where the folder should be";
    auto child = fork();
    if (child == 0) {
        auto* spool = new Spool(inside.string(), kRoom, Duration{0});
        bool fine = spool->append("one", "r") && spool->append("two", "r") && !spool->problem().empty();
        std::filesystem::remove(inside);
        spool->settle_on_disk();
        fine = fine && spool->problem().empty() && spool->append("three", "r");
        spool->delivered(1);
        kill(getpid(), fine ? SIGKILL : SIGTERM);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_EQ(WTERMSIG(status), SIGKILL);

    auto found = Spool::adopt(inside.string());

    ASSERT_EQ(found.size(), 1u);
    auto left = found[0]->oldest(10);
    ASSERT_EQ(left.size(), 2u);
    EXPECT_EQ(left[0].operations, "two");
    EXPECT_EQ(left[1].number, 3u);
}

}  // namespace
}  // namespace seance::litellm
