#include "services/signaling/sync/directory_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <unordered_set>

#include "core/base/hash.hpp"
#include "core/config/unusable.hpp"
#include "core/observe/log.hpp"
#include "core/runtime/worker.hpp"
#include "services/signaling/sync/log_file.hpp"

namespace seance::signaling::sync {
namespace {

using namespace std::chrono_literals;

// A file that a compaction left behind when it was cut short.
constexpr Duration kLeftBehind = 1h;

// "" if files can be made in the folder, which is made if it is missing. That is tried, for permissions do
// not say that it is /proc, say, where no file can be made. A full disk is no reason: it is waited for.
std::string why_unusable(const std::filesystem::path& directory) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) return error.message();
    if (::access(directory.c_str(), R_OK | W_OK | X_OK) != 0) return std::strerror(errno);
    auto trial = (directory / "trial-XXXXXX.new").string();  // sweep() takes it if we die here
    int file = ::mkostemps(trial.data(), 4, O_CLOEXEC);
    if (file < 0 && (errno == ENOSPC || errno == EDQUOT)) return "";
    if (file < 0) return fmt::format("no file can be made in it ({})", std::strerror(errno));
    ::close(file);
    ::unlink(trial.c_str());
    return "";
}

}  // namespace

struct DirectoryStore::Shared {
    std::filesystem::path directory;
    Fsync fsync;
    Duration ttl;
    std::unordered_set<Log*> unsynced;
    // One thread: calls for a file come one at a time.
    std::optional<Worker> worker{std::in_place, 1};
};

class DirectoryStore::Log final : public DocumentLog {
  public:
    Log(std::shared_ptr<Shared> shared, std::filesystem::path path)
        : shared_(std::move(shared)), path_(std::move(path)), file_(std::make_shared<LogFile>()) {}
    ~Log() override { shared_->unsynced.erase(this); }

    Awaitable<Outcome<Updates>> read() override {
        if (read_) co_return Updates{};  // nobody else can have written: the file is locked
        auto work = [file = file_, path = path_] { return file->open(path); };
        auto found = co_await shared_->worker->run(std::move(work));
        if (!found) co_return found.error();
        if (found->cut_off > 0 || found->damaged > 0)
            observe::log(observe::Level::Warning, "sync_log_repaired")
                .field("file", path_.filename().string())
                .field("bytes_cut_off", std::uint64_t{found->cut_off})
                .field("records_damaged", std::uint64_t{found->damaged});
        read_ = true;
        entries_ = found->records.size();
        bytes_ = file_->bytes();
        co_return std::move(found->records);
    }

    Awaitable<Outcome<void>> append(const Updates& updates) override {
        auto work = [file = file_, &updates, now = shared_->fsync == Fsync::Always] {
            auto written = file->append(updates);
            return written && now ? file->sync() : written;
        };
        auto written = co_await shared_->worker->run(std::move(work));
        if (!written) co_return written;
        entries_ += updates.size();
        bytes_ = file_->bytes();
        if (shared_->fsync == Fsync::Interval) shared_->unsynced.insert(this);
        co_return written;
    }

    Awaitable<Outcome<bool>> compact(const Updates& whole) override {
        auto work = [file = file_, &whole] { return file->replace(whole); };
        auto done = co_await shared_->worker->run(std::move(work));
        if (!done) co_return done.error();
        entries_ = whole.size();
        bytes_ = file_->bytes();
        co_return true;
    }

    void renew() override {}  // what is open is locked, and not deleted

    Awaitable<void> close() override {
        bool sync = shared_->unsynced.erase(this) > 0;
        auto work = [file = file_, sync] {
            if (file->is_open() && sync) static_cast<void>(file->sync());
            file->close();
            return true;
        };
        co_await shared_->worker->run(std::move(work));
        read_ = false;
    }

    const std::shared_ptr<LogFile>& file() const { return file_; }

  private:
    std::shared_ptr<Shared> shared_;
    std::filesystem::path path_;
    std::shared_ptr<LogFile> file_;
    bool read_ = false;
};

DirectoryStore::DirectoryStore(const std::filesystem::path& directory, Fsync fsync, Duration ttl)
    : shared_(std::make_shared<Shared>()) {
    shared_->directory = directory;
    shared_->fsync = fsync;
    shared_->ttl = ttl;
    std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files fails a write, as a full disk does
    if (auto why = why_unusable(directory); !why.empty())
        throw config::Unusable(
            fmt::format("SYNC_DIRECTORY {} cannot be used: {}; name one that this user may write to",
                        directory.string(), why));
}

DirectoryStore::~DirectoryStore() {
    shared_->worker.reset();  // waits for what it is at
}

std::unique_ptr<DocumentLog> DirectoryStore::open(const std::string& room) {
    return std::make_unique<Log>(shared_, shared_->directory / (sha256_hex(room) + ".log"));
}

Awaitable<void> DirectoryStore::flush() {
    std::vector<std::shared_ptr<LogFile>> files;
    for (auto* log : shared_->unsynced) files.push_back(log->file());
    shared_->unsynced.clear();
    if (files.empty()) co_return;
    auto work = [files = std::move(files)] {
        std::string problem;
        for (const auto& file : files)
            if (auto synced = file->is_open() ? file->sync() : Outcome<void>(boost::system::in_place_value);
                !synced)
                problem = synced.error().what;
        return problem;
    };
    auto problem = co_await shared_->worker->run(std::move(work));
    if (!problem.empty())
        observe::log(observe::Level::Warning, "sync_log_failed")
            .field("doing", "syncing")
            .field("reason", problem);
}

Awaitable<void> DirectoryStore::sweep() {
    auto work = [directory = shared_->directory, ttl = shared_->ttl] {
        std::uint64_t removed = 0;
        std::error_code error;
        for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
            auto extension = entry.path().extension();
            if (extension == ".new")
                LogFile::remove_if_older(entry.path(), kLeftBehind);
            else if (extension == ".log" && ttl > Duration::zero())
                removed += LogFile::remove_if_older(entry.path(), ttl);
        }
        return removed;
    };
    auto removed = co_await shared_->worker->run(std::move(work));
    if (removed > 0) observe::log(observe::Level::Info, "sync_documents_expired").field("documents", removed);
}

}  // namespace seance::signaling::sync
