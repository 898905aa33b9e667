#include "services/signaling/sync/log_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace seance::signaling::sync {
namespace {

constexpr std::string_view kMagic = "seance sync log 1\n";
constexpr std::size_t kRecordHead = 8;

void append_u32(std::string& out, std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift);
}

std::uint32_t read_u32(std::string_view from) {
    std::uint32_t value = 0;
    for (int i = 3; i >= 0; --i)
        value = value << 8 | static_cast<unsigned char>(from[static_cast<std::size_t>(i)]);
    return value;
}

std::uint32_t crc_of(std::string_view length, std::string_view bytes) {
    auto crc = ::crc32_z(0, reinterpret_cast<const Bytef*>(length.data()), length.size());
    return static_cast<std::uint32_t>(
        ::crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string print(const Updates& records) {
    std::string out;
    for (const auto& record : records) {
        std::string length;
        append_u32(length, static_cast<std::uint32_t>(record.size()));
        out += length;
        append_u32(out, crc_of(length, record));
        out += record;
    }
    return out;
}

enum class Look { Record, Damaged, NoRecord };

// What stands at `at`; `end` is behind it.
Look look_at(std::string_view text, std::size_t at, std::size_t& end) {
    if (text.size() - at < kRecordHead) return Look::NoRecord;
    auto length = read_u32(text.substr(at));
    if (length > text.size() - at - kRecordHead) return Look::NoRecord;
    end = at + kRecordHead + length;
    auto bytes = text.substr(at + kRecordHead, length);
    return crc_of(text.substr(at, 4), bytes) == read_u32(text.substr(at + 4)) ? Look::Record : Look::Damaged;
}

bool write_at(int fd, std::string_view bytes, std::size_t at) {
    while (!bytes.empty()) {
        auto n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(n));
        at += static_cast<std::size_t>(n);
    }
    return true;
}

bool is_at(int fd, const std::filesystem::path& path) {
    struct stat open {
    }, named{};
    return ::fstat(fd, &open) == 0 && ::stat(path.c_str(), &named) == 0 && open.st_ino == named.st_ino &&
           open.st_dev == named.st_dev;
}

void sync_folder_of(const std::filesystem::path& path) {
    int fd = ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    ::fsync(fd);
    ::close(fd);
}

}  // namespace

LogFile::~LogFile() {
    close();
}

Outcome<void> LogFile::fail(const char* doing) const {
    return Problem{fmt::format("cannot {} {}: {}", doing, path_.string(), std::strerror(errno))};
}

Outcome<LogFile::Found> LogFile::open(std::filesystem::path path) {
    close();
    path_ = std::move(path);
    auto locked = lock(path_);
    if (!locked) return locked.error();
    auto found = read();
    if (!found) {
        ::close(std::exchange(fd_, -1));
        return found;
    }
    ::futimens(fd_, nullptr);  // its age counts from now
    return found;
}

// The file that has the name when the lock is ours: whoever had it before may have put another in its place.
Outcome<void> LogFile::lock(const std::filesystem::path& path) {
    while (true) {
        fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd_ < 0) return fail("open");
        bool ours = ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
        bool taken = !ours && errno == EWOULDBLOCK;
        if (ours && is_at(fd_, path)) return boost::system::in_place_value;
        if (ours || taken) ::close(std::exchange(fd_, -1));
        if (taken)
            return Problem{fmt::format(
                "{} is in use by another process, perhaps the one that this one follows", path.string())};
        if (!ours) {
            auto problem = fail("lock");
            ::close(std::exchange(fd_, -1));
            return problem;
        }
    }
}

Outcome<LogFile::Found> LogFile::read() {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) return fail("read").error();
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    for (std::size_t at = 0; at < text.size();) {
        auto n = ::pread(fd_, text.data() + at, text.size() - at, static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return fail("read").error();
        at += static_cast<std::size_t>(n);
    }
    if (!text.starts_with(kMagic.substr(0, text.size())))
        return Problem{fmt::format("{} is no log of documents; move it away", path_.string())};
    if (text.size() < kMagic.size()) {
        if (::ftruncate(fd_, 0) != 0 || !write_at(fd_, kMagic, 0)) return fail("write").error();
        text = kMagic;
    }
    Found found;
    size_ = kMagic.size();
    for (std::size_t end = 0, ignored = 0; size_ < text.size(); size_ = end) {
        auto here = look_at(text, size_, end);
        if (here == Look::Record) {
            found.records.emplace_back(text.substr(size_ + kRecordHead, end - size_ - kRecordHead));
        } else if (here == Look::Damaged && end < text.size() &&
                   look_at(text, end, ignored) == Look::Record) {
            ++found.damaged;
        } else {
            found.cut_off = text.size() - size_;
            if (::ftruncate(fd_, static_cast<off_t>(size_)) != 0) return fail("cut the end off").error();
            break;
        }
    }
    return found;
}

Outcome<void> LogFile::append(const Updates& records) {
    auto text = print(records);
    if (!write_at(fd_, text, size_)) {
        auto problem = fail("write");
        // What follows is written where this began; cutting it off only makes room.
        if (::ftruncate(fd_, static_cast<off_t>(size_)) != 0) return problem;
        return problem;
    }
    size_ += text.size();
    return boost::system::in_place_value;
}

Outcome<void> LogFile::replace(const Updates& records) {
    auto fresh = path_;
    fresh += ".new";
    int fd = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return fail("open a new file beside");
    std::string text(kMagic);
    text += print(records);
    if (!write_at(fd, text, 0) || ::fsync(fd) != 0 || ::flock(fd, LOCK_EX | LOCK_NB) != 0 ||
        ::rename(fresh.c_str(), path_.c_str()) != 0) {
        auto problem = fail("put a new file in the place of");
        ::close(fd);
        ::unlink(fresh.c_str());
        return problem;
    }
    sync_folder_of(path_);
    ::close(std::exchange(fd_, fd));
    size_ = text.size();
    return boost::system::in_place_value;
}

Outcome<void> LogFile::sync() {
    if (::fdatasync(fd_) != 0) return fail("sync");
    return boost::system::in_place_value;
}

void LogFile::close() {
    if (fd_ < 0) return;
    if (size_ <= kMagic.size() && is_at(fd_, path_)) ::unlink(path_.c_str());
    ::close(std::exchange(fd_, -1));
}

bool LogFile::remove_if_older(const std::filesystem::path& path, Duration age) {
    int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    struct stat status {};
    bool old =
        ::flock(fd, LOCK_EX | LOCK_NB) == 0 && ::fstat(fd, &status) == 0 &&
        std::chrono::system_clock::now() - std::chrono::system_clock::from_time_t(status.st_mtime) >= age;
    bool removed = old && is_at(fd, path) && ::unlink(path.c_str()) == 0;
    ::close(fd);
    return removed;
}

}  // namespace seance::signaling::sync
