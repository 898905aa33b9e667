#include "services/litellm/ledger/spool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "core/base/hash.hpp"
#include "core/base/id.hpp"
#include "services/litellm/ledger/spool_segment.hpp"

namespace seance::litellm {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSegment = 1 << 20;

std::string segment_path(const std::string& folder, std::uint64_t number) {
    return fmt::format("{}/{:012}.spool", folder, number);
}

// Locked while this process lives; -1 if another has it.
int lock_folder(const std::string& folder) {
    int file = open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0) return file;
    if (file >= 0) close(file);
    return -1;
}

// "" if it is a folder of this user: whoever else could write there could take our spend away.
std::string why_not_ours(const std::string& folder) {
    struct stat about {};
    if (lstat(folder.c_str(), &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == geteuid()) return "";
    return fmt::format("{} is not a folder of this user", folder);
}

bool is_full(int code) {
    return code == ENOSPC || code == EDQUOT;
}

// "" if files can be made in the folder, which is made if it is missing.
std::string why_not_written(const std::string& folder) {
    std::error_code wrong;
    fs::create_directories(folder, wrong);
    if (wrong)
        return is_full(wrong.value()) ? "" : fmt::format("{} cannot be made: {}", folder, wrong.message());
    if (auto why = why_not_ours(folder); !why.empty()) return why;
    auto trial = fmt::format("{}/trial-{}", folder, random_id());
    int file = open(trial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return is_full(errno) ? "" : fmt::format("{} cannot be written to: {}", folder, std::strerror(errno));
    close(file);
    unlink(trial.c_str());
    return "";
}

}  // namespace

std::optional<Problem> Spool::check(const std::string& folder) {
    auto why = why_not_written(folder);
    if (why.empty()) return std::nullopt;
    return Problem{fmt::format(
        "the folder for spend on its way to Valkey: {}. Make it one that user {} owns and may write "
        "to, or set LITELLM_SPOOL_DIR to another",
        why, geteuid())};
}

Spool::Spool(const std::string& folder, std::uint64_t most, Duration retry_disk)
    : writer_(random_id()), most_(most), retry_disk_(retry_disk) {
    folder_ = folder + "/" + writer_;
}

Spool::~Spool() {
    close();
}

void Spool::close() {
    bool left = waiting_ > in_memory_.size();
    if (!left)
        for (auto& segment : segments_) segment->remove();
    segments_.clear();
    if (lock_ < 0) return;
    std::error_code ignored;
    if (!left) {
        fs::remove(folder_ + "/lock", ignored);
        fs::remove(folder_, ignored);
    }
    ::close(std::exchange(lock_, -1));
}

bool Spool::open_folder() {
    if (lock_ >= 0) return true;
    std::error_code wrong;
    fs::create_directories(folder_, wrong);
    if (!wrong)
        if (auto why = why_not_ours(fs::path(folder_).parent_path().string()); !why.empty()) {
            problem_ = std::move(why);
            return false;
        }
    if (!wrong) fs::permissions(folder_, fs::perms::owner_all, wrong);
    if (wrong) {
        problem_ = fmt::format("{} cannot be made: {}", folder_, wrong.message());
        return false;
    }
    lock_ = lock_folder(folder_);
    if (lock_ < 0)
        problem_ = fmt::format("{}/lock cannot be made and locked: {}", folder_, std::strerror(errno));
    return lock_ >= 0;
}

bool Spool::add_segment(std::size_t needed) {
    auto now = Clock::now();
    if (now < disk_again_) return false;
    auto size = std::max(kSegment, (needed + 4096) / 4096 * 4096 + 4096);
    if (on_disk_ + size > most_) {
        problem_ = fmt::format("the spool has reached {} MB (LITELLM_SPOOL_MAX_MB)", most_ >> 20);
    } else if (open_folder()) {
        auto segment = SpoolSegment::create(segment_path(folder_, segment_number_ + 1), size, problem_);
        if (segment) {
            ++segment_number_;
            problem_.clear();
            on_disk_ += size;
            segments_.push_back(std::move(segment));
            return true;
        }
    }
    disk_again_ = now + retry_disk_;
    return false;
}

bool Spool::write(std::uint64_t number, std::string_view operations, std::string_view record) {
    // Never to one that counts as synced: it is the last where the next has failed.
    if (synced_ < segments_.size() && segments_.back()->append(number, operations, record)) return true;
    return add_segment(SpoolSegment::size_of(operations, record)) &&
           segments_.back()->append(number, operations, record);
}

void Spool::settle_on_disk() {
    while (!in_memory_.empty()) {
        auto& entry = in_memory_.front();
        if (!write(entry.number, entry.operations, entry.record)) return;
        in_memory_.pop_front();
    }
}

bool Spool::append(std::string_view operations, std::string_view record) {
    auto number = next_;
    settle_on_disk();
    // While any wait in memory the next do too, so that numbers reach Valkey in order.
    if (in_memory_.empty() && write(number, operations, record)) {
        ++next_;
        ++waiting_;
        return true;
    }
    if (in_memory_.size() >= kMostInMemory) return false;
    in_memory_.push_back({number, std::string(operations), std::string(record)});
    ++next_;
    ++waiting_;
    return true;
}

std::vector<Spool::Entry> Spool::oldest(std::size_t most, std::size_t bytes) const {
    std::vector<Entry> entries;
    std::size_t taken = 0;
    auto is_enough = [&] { return entries.size() >= most || taken >= bytes; };
    auto take = [&](const auto& entry) {
        entries.push_back({entry.number, entry.operations, entry.record});
        taken += entry.operations.size() + entry.record.size();
    };
    for (auto& segment : segments_) {
        if (is_enough()) break;  // what is only looked at is in memory again
        for (auto place = segment->first(); !is_enough();) {
            auto entry = segment->at(place);
            if (!entry) break;
            take(*entry);
            place = entry->next;
        }
    }
    for (auto& entry : in_memory_) {
        if (is_enough()) break;
        take(entry);
    }
    return entries;
}

void Spool::delivered(std::uint64_t number) {
    while (!segments_.empty()) {
        auto& segment = segments_.front();
        auto place = segment->first();
        std::optional<SpoolSegment::Entry> entry;
        while ((entry = segment->at(place)) && entry->number <= number) {
            place = entry->next;
            --waiting_;
        }
        segment->deliver_up_to(place);
        if (entry || segments_.size() == 1) break;
        on_disk_ -= segment->size();
        segment->remove();
        segments_.pop_front();
        if (synced_ > 0) --synced_;
    }
    while (!in_memory_.empty() && in_memory_.front().number <= number) {
        in_memory_.pop_front();
        --waiting_;
    }
}

Spool::Unsynced Spool::take_unsynced() {
    Unsynced unsynced;
    if (synced_ == segments_.size()) return unsynced;
    unsynced.filling = segments_.back();
    for (; synced_ + 1 < segments_.size(); ++synced_) unsynced.full.push_back(segments_[synced_]);
    return unsynced;
}

void Spool::after_sync(Synced synced) {
    if (!synced.failed) {
        if (synced.any) sync_problem_.clear();
        return;
    }
    // The first is told until one is good again: the next ones are tried in files of other names.
    if (sync_problem_.empty()) sync_problem_ = std::move(synced.problem);
    disk_again_ = Clock::now() + retry_disk_;
    // The system may drop pages that it could not write, and then gives what the disk has in their place.
    auto first = std::find(segments_.begin(), segments_.end(), synced.failed);
    auto younger = std::exchange(in_memory_, {});
    for (auto at = first; at != segments_.end(); ++at) {
        auto place = (*at)->first();
        while (auto entry = (*at)->at(place)) {
            in_memory_.push_back({entry->number, std::string(entry->operations), std::string(entry->record)});
            place = entry->next;
        }
        on_disk_ -= (*at)->size();
        (*at)->remove();
    }
    // Where it is delivered by now, those after it have not been tried.
    auto good = first == segments_.end() ? 0 : static_cast<std::size_t>(first - segments_.begin());
    synced_ = std::min(synced_, good);
    segments_.erase(first, segments_.end());
    std::move(younger.begin(), younger.end(), std::back_inserter(in_memory_));
}

std::vector<std::unique_ptr<Spool>> Spool::adopt(const std::string& folder) {
    std::vector<std::unique_ptr<Spool>> found;
    std::error_code none;
    for (auto& item : fs::directory_iterator(folder, none)) {
        auto writer = item.path().filename().string();
        if (!is_hex(writer, 32) || !item.is_directory(none)) continue;
        auto path = item.path().string();
        int lock = lock_folder(path);
        if (lock < 0) continue;
        std::unique_ptr<Spool> spool(new Spool);
        spool->folder_ = path;
        spool->writer_ = writer;
        spool->lock_ = lock;
        std::vector<std::string> files;
        for (auto& file : fs::directory_iterator(path, none))
            if (file.path().extension() == ".spool") files.push_back(file.path().string());
        std::sort(files.begin(), files.end());
        for (auto& file : files)
            if (auto segment = SpoolSegment::open(file)) {
                auto place = segment->first();
                while (auto entry = segment->at(place)) {
                    place = entry->next;
                    ++spool->waiting_;
                }
                spool->segments_.push_back(std::move(segment));
            }
        if (spool->waiting_ > 0) found.push_back(std::move(spool));
        // Empty ones go with their folder here.
    }
    return found;
}

Spool::Synced sync(const Spool::Unsynced& unsynced) {
    for (auto& segment : unsynced.full) {
        if (auto problem = segment->sync(); !problem.empty()) return {true, segment, std::move(problem)};
        segment->leave_memory();
    }
    if (!unsynced.filling) return {};
    auto problem = unsynced.filling->sync();
    return {true, problem.empty() ? nullptr : unsynced.filling, std::move(problem)};
}

}  // namespace seance::litellm
