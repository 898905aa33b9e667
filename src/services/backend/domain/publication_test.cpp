#include "services/backend/domain/publication.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "store/object/directory/directory_store.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::backend {
namespace {

using object::Reason;
using object::Stored;
using testing_support::run;
namespace fs = std::filesystem;

// A real store in which one chosen copy fails, and which remembers what was copied to public keys.
class Faulty final : public object::ObjectStore {
  public:
    explicit Faulty(fs::path root) : ObjectStore("faulty"), store_(std::move(root)) {}

    Awaitable<Stored<object::ObjectInfo>> put_from(std::string key, object::BodySource& body,
                                                   object::PutOptions options) override {
        return store_.put_from(std::move(key), body, std::move(options));
    }
    Awaitable<Stored<std::unique_ptr<object::ObjectReader>>> open(std::string key) override {
        return store_.open(std::move(key));
    }
    Awaitable<Stored<object::ObjectInfo>> head(std::string key) override {
        return store_.head(std::move(key));
    }
    Awaitable<Stored<void>> remove(std::string key) override { return store_.remove(std::move(key)); }
    Awaitable<Stored<void>> copy(std::string from, std::string to, bool is_public) override {
        if (is_public) copied.push_back(to);
        if (to == fails_at && !std::exchange(failed, true)) {
            object::Failure failure{Reason::Unavailable, "told to fail"};
            co_return failure;
        }
        co_return co_await store_.copy(std::move(from), std::move(to), is_public);
    }
    Awaitable<Stored<object::Listing>> list(std::string prefix, std::string after,
                                            std::size_t most) override {
        return store_.list(std::move(prefix), std::move(after), most);
    }

    std::string fails_at;
    bool failed = false;
    std::vector<std::string> copied;

  private:
    object::DirectoryStore store_;
};

struct PublicationTest : testing::Test {
    testing_support::TemporaryFolder folder;
    Loop loop;
    Faulty store{folder.path()};

    std::string content(const char* key) const {
        std::ifstream file(folder.path() / key);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    bool exists(const char* key) const { return fs::exists(folder.path() / key); }
};

Awaitable<void> run_publish(object::ObjectStore& store, std::vector<DeployFile> files, bool& worked) {
    auto result = co_await publish(store, "prod", files);
    worked = result.has_value();
}

TEST_F(PublicationTest, PutsFeedsLiveAfterTheFilesTheyName) {
    bool worked = false;
    run(loop, run_publish(store,
                          {{"mac/latest-mac.yml", "feed"},
                           {"mac/app.zip", "app"},
                           {"version.json", "{}"},
                           {"mac/app.dmg", "d"}},
                          worked));

    EXPECT_TRUE(worked);
    EXPECT_EQ(store.copied, (std::vector<std::string>{"prod/mac/app.zip", "prod/mac/app.dmg",
                                                      "prod/mac/latest-mac.yml", "prod/version.json"}));
    EXPECT_EQ(content("prod/mac/app.zip"), "app");
    EXPECT_FALSE(exists("prod/.staging"));
}

TEST_F(PublicationTest, PutsEverythingBackWhenAFileFails) {
    bool worked = false;
    run(loop, run_publish(store, {{"old", "1"}, {"feed.yml", "1"}}, worked));
    ASSERT_TRUE(worked);

    store.fails_at = "prod/feed.yml";
    run(loop, run_publish(store, {{"old", "2"}, {"new", "2"}, {"feed.yml", "2"}}, worked));

    EXPECT_FALSE(worked);
    EXPECT_EQ(content("prod/old"), "1");
    EXPECT_EQ(content("prod/feed.yml"), "1");
    EXPECT_FALSE(exists("prod/new"));
    EXPECT_FALSE(exists("prod/.staging"));
}

Awaitable<void> run_sweep(object::ObjectStore& store, std::chrono::system_clock::time_point before,
                          std::size_t& removed) {
    auto result = co_await sweep_unfinished(store, "prod", before);
    removed = result ? *result : 99;
}

TEST_F(PublicationTest, SweepsOnlyWhatBeganLongAgo) {
    for (auto name : {"100-abc", "200-def"}) {
        fs::create_directories(folder.path() / "prod/.staging" / name);
        std::ofstream(folder.path() / "prod/.staging" / name / "0") << "x";
    }
    std::size_t removed = 0;
    run(loop, run_sweep(store, std::chrono::system_clock::from_time_t(150), removed));

    EXPECT_EQ(removed, 1u);
    EXPECT_FALSE(exists("prod/.staging/100-abc"));
    EXPECT_TRUE(exists("prod/.staging/200-def/0"));
}

}  // namespace
}  // namespace seance::backend
