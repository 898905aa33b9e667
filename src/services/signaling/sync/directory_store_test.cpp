#include "services/signaling/sync/directory_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "core/base/hash.hpp"
#include "core/config/unusable.hpp"
#include "services/signaling/sync/log_file.hpp"
#include "tests/support/loop_thread.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::signaling::sync {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::LoopThread;
using testing_support::TemporaryFolder;

struct LogFileTest : testing::Test {
    LogFile::Found opened() {
        auto found = file.open(path);
        EXPECT_TRUE(found) << found.error().what;
        return found ? std::move(*found) : LogFile::Found{};
    }
    std::string contents() const {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void write(std::string_view text) const { std::ofstream(path, std::ios::binary) << text; }

    TemporaryFolder folder;
    std::filesystem::path path = folder.path() / "a.log";
    LogFile file;
};

}  // namespace

TEST_F(LogFileTest, GivesBackWhatWasAppended) {
    EXPECT_THAT(opened().records, IsEmpty());
    ASSERT_TRUE(file.append({"one", ""}));
    ASSERT_TRUE(file.append({std::string(100'000, '\0')}));
    file.close();

    EXPECT_THAT(opened().records, ElementsAre("one", "", std::string(100'000, '\0')));
    EXPECT_EQ(file.bytes(), contents().size());
}

TEST_F(LogFileTest, CutsATornEndOffWhereverItWasTorn) {
    opened();
    ASSERT_TRUE(file.append({"first", "second"}));
    file.close();
    auto whole = contents();
    auto first = whole.size() - 8 - 6;

    for (auto size = first + 1; size < whole.size(); ++size) {
        write(whole.substr(0, size));

        auto found = opened();
        EXPECT_THAT(found.records, ElementsAre("first")) << size;
        EXPECT_EQ(found.cut_off, size - first);
        ASSERT_TRUE(file.append({"third"}));
        EXPECT_THAT(opened().records, ElementsAre("first", "third"));
    }
}

TEST_F(LogFileTest, StartsAnewWhereNotEvenItsFirstLineWasWritten) {
    write("seance sy");

    EXPECT_THAT(opened().records, IsEmpty());
    ASSERT_TRUE(file.append({"one"}));
    EXPECT_THAT(opened().records, ElementsAre("one"));
}

TEST_F(LogFileTest, PassesOverARecordThatIsDamaged) {
    opened();
    ASSERT_TRUE(file.append({"first", "second", "third"}));
    file.close();
    auto text = contents();
    text[text.find("second")] = 'S';
    write(text);

    auto found = opened();
    EXPECT_THAT(found.records, ElementsAre("first", "third"));
    EXPECT_EQ(found.damaged, 1u);
    EXPECT_EQ(found.cut_off, 0u);
}

TEST_F(LogFileTest, RefusesAFileOfSomethingElseAndLeavesItAlone) {
    write("{\"some\": \"other file\"}");

    auto found = file.open(path);
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().what, HasSubstr("is no log of documents; move it away"));
    EXPECT_EQ(contents(), "{\"some\": \"other file\"}");
}

TEST_F(LogFileTest, IsOnePrograms) {
    opened();
    LogFile other;

    auto found = other.open(path);
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().what, HasSubstr("in use by another process"));
    ASSERT_TRUE(file.append({"one"}));
    ASSERT_TRUE(file.replace({"instead"}));
    EXPECT_FALSE(other.open(path));
    file.close();
    EXPECT_THAT(other.open(path)->records, ElementsAre("instead"));
}

TEST_F(LogFileTest, IsReplacedAsAWhole) {
    opened();
    ASSERT_TRUE(file.append({"one", "two"}));
    ASSERT_TRUE(file.replace({"both"}));
    ASSERT_TRUE(file.append({"three"}));
    file.close();

    EXPECT_THAT(opened().records, ElementsAre("both", "three"));
    EXPECT_FALSE(std::filesystem::exists(path.string() + ".new"));
}

TEST_F(LogFileTest, LeavesNoFileWhereNothingWasWritten) {
    opened();
    file.close();

    EXPECT_FALSE(std::filesystem::exists(path));
}

// As on a full disk: part of the record fits.
TEST_F(LogFileTest, KeepsWhatItHasWhenThereIsNoRoomForMore) {
    opened();
    ASSERT_TRUE(file.append({"one"}));
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    rlimit small{file.bytes() + 100, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);

    auto written = file.append({std::string(1000, 'x')});
    auto replaced = file.replace({std::string(1000, 'x')});
    setrlimit(RLIMIT_FSIZE, &before);

    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().what, HasSubstr("cannot write " + path.string()));
    EXPECT_FALSE(replaced);
    EXPECT_EQ(contents().size(), file.bytes());
    ASSERT_TRUE(file.append({"two"}));
    EXPECT_THAT(opened().records, ElementsAre("one", "two"));
}

struct DirectoryStoreTest : testing::Test {
    std::unique_ptr<DocumentLog> open(const std::string& room) { return store->open(room); }
    Updates read(DocumentLog& log) { return loop.await(log.read()).value(); }
    void append(DocumentLog& log, Updates updates) {
        EXPECT_TRUE(loop.await(appended(log, std::move(updates))));
    }
    static Awaitable<bool> appended(DocumentLog& log, Updates updates) {
        auto written = co_await log.append(updates);
        co_return written.has_value();
    }
    static Awaitable<bool> compacted(DocumentLog& log, Updates updates) {
        auto done = co_await log.compact(updates);
        co_return done&&* done;
    }
    static Awaitable<bool> closed(DocumentLog& log) {
        co_await log.close();
        co_return true;
    }
    static Awaitable<bool> swept(DirectoryStore& store) {
        co_await store.sweep();
        co_return true;
    }

    TemporaryFolder folder;
    LoopThread loop;
    std::unique_ptr<DirectoryStore> store =
        std::make_unique<DirectoryStore>(folder.path(), Fsync::Always, std::chrono::hours(1));
};

TEST_F(DirectoryStoreTest, KeepsRoomsApartUnderNamesThatSayNothing) {
    auto a = open("team/../a");
    auto b = open("b");
    read(*a);
    read(*b);
    append(*a, {"1"});
    append(*b, {"2", "3"});
    loop.await(closed(*a));
    loop.await(closed(*b));

    EXPECT_THAT(read(*a), ElementsAre("1"));
    EXPECT_THAT(read(*b), ElementsAre("2", "3"));
    EXPECT_TRUE(std::filesystem::exists(folder.path() / (sha256_hex("b") + ".log")));
}

TEST_F(DirectoryStoreTest, CountsWhatACompactionWouldReplace) {
    auto log = open("a");
    read(*log);
    append(*log, {"one", "two", "three"});
    EXPECT_EQ(log->entries(), 3u);
    auto before = log->bytes();

    EXPECT_TRUE(loop.await(compacted(*log, {"all"})));

    EXPECT_EQ(log->entries(), 1u);
    EXPECT_LT(log->bytes(), before);
    EXPECT_THAT(read(*log), IsEmpty()) << "nobody else writes to it";
}

TEST_F(DirectoryStoreTest, DeletesWhatNobodyHasOpenedForItsTime) {
    auto old = open("old"), used = open("used");
    for (auto* log : {old.get(), used.get()}) {
        read(*log);
        append(*log, {"1"});
    }
    loop.await(closed(*old));
    for (const auto& file : std::filesystem::directory_iterator(folder.path()))
        std::filesystem::last_write_time(
            file.path(), std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));

    loop.await(swept(*store));

    EXPECT_FALSE(std::filesystem::exists(folder.path() / (sha256_hex("old") + ".log")));
    EXPECT_TRUE(std::filesystem::exists(folder.path() / (sha256_hex("used") + ".log"))) << "it is open";
    loop.await(closed(*used));
}

TEST_F(DirectoryStoreTest, SaysWhenItsDirectoryCannotBeUsed) {
    auto file = folder.path() / "file";
    std::ofstream(file) << "x";

    try {
        DirectoryStore refused(file / "inside", Fsync::Never, {});
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), HasSubstr("SYNC_DIRECTORY"));
    }
}

// Its permissions are in order, for root at least.
TEST_F(DirectoryStoreTest, SaysAtOnceThatNoFileCanBeMadeInItsDirectory) {
    if (::geteuid() != 0) GTEST_SKIP() << "/proc is already refused to this user by its permissions";
    try {
        DirectoryStore refused("/proc", Fsync::Never, {});
        FAIL();
    } catch (const config::Unusable& error) {
        EXPECT_STREQ(error.what(),
                     "SYNC_DIRECTORY /proc cannot be used: no file can be made in it (No such file or "
                     "directory); name one that this user may write to");
    }
}

TEST_F(DirectoryStoreTest, LeavesNothingInItsDirectoryWhenItStarts) {
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace seance::signaling::sync
