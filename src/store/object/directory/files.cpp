#include "store/object/directory/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>

#include "core/base/id.hpp"
#include "store/object/content_type.hpp"

namespace seance::object {
namespace fs = std::filesystem;
namespace {

// Removing the last object of a folder removes the folder; a put that was about to use it makes it again.
constexpr int kFolderTries = 10;

int make_folders(const fs::path& path) {
    std::error_code error;
    fs::create_directories(path, error);
    return error ? error.value() : 0;
}

int sync_folder(const fs::path& path) {
    File folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return folder && fsync(folder.fd()) == 0 ? 0 : errno;
}

void remove_empty_folders(fs::path path, const fs::path& root) {
    while (path != root && rmdir(path.c_str()) == 0) path = path.parent_path();
}

std::string read_small_file(const fs::path& path) {
    File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    std::string text(64 * 1024, '\0');
    auto got = file ? read(file.fd(), text.data(), text.size()) : -1;
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
}

Stored<void> link_file(const fs::path& from, const fs::path& to, const fs::path& pending) {
    auto name = pending / random_id();
    if (::link(from.c_str(), name.c_str()) != 0) return file_failure(errno, from, "copying");
    for (int i = 0; i < kFolderTries; ++i) {
        int error = make_folders(to.parent_path());
        if (error == 0 && rename(name.c_str(), to.c_str()) == 0) {
            // Of two names of one file rename() makes none, and says nothing.
            unlink(name.c_str());
            sync_folder(to.parent_path());
            return {};
        }
        if (error == 0) error = errno;
        if (error == ENOENT && i + 1 < kFolderTries) continue;
        unlink(name.c_str());
        return file_failure(error, to, "copying");
    }
    return {};
}

}  // namespace

Failure file_failure(int error, const fs::path& path, std::string_view doing) {
    auto sentence = [&](std::string_view why) {
        return fmt::format("{} {} failed: {}", doing, path.string(), why);
    };
    switch (error) {
        case ENOENT:
            return {Reason::NotFound, sentence("there is no such object")};
        case ENOSPC:
            return {Reason::NoSpace, sentence("the disk is full; free some space or move OBJECT_DIRECTORY")};
        case EDQUOT:
            return {Reason::NoSpace,
                    sentence("the disk quota is used up; raise it or move OBJECT_DIRECTORY")};
        case EFBIG:
            return {Reason::NoSpace, sentence("the file is larger than the system allows")};
        case EACCES:
        case EPERM:
            return {Reason::Refused,
                    sentence("the service may not do this; check the folder's owner and mode")};
        case EROFS:
            return {Reason::Refused, sentence("the file system is read-only")};
        case ENAMETOOLONG:
            return {Reason::BadKey, sentence("the name is too long for this file system")};
        case EISDIR:
        case ENOTDIR:
        case ENOTEMPTY:
        case EEXIST:
            return {Reason::BadKey,
                    sentence("an object's name is at the same time a folder of other objects' names")};
        default:
            return {Reason::Broken, sentence(std::strerror(error))};
    }
}

File& File::operator=(File&& other) noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
    return *this;
}

File::~File() {
    if (fd_ >= 0) ::close(fd_);
}

int File::release() {
    return std::exchange(fd_, -1);
}

Stored<PendingFile> PendingFile::create(const fs::path& folder) {
    if (int error = make_folders(folder)) return file_failure(error, folder, "making");
    auto path = folder / random_id();
    File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!file) return file_failure(errno, path, "making");
    return PendingFile(std::move(file), std::move(path));
}

PendingFile::PendingFile(PendingFile&& other) noexcept
    : file_(std::move(other.file_)),
      path_(std::exchange(other.path_, fs::path())),
      hash_(std::move(other.hash_)),
      size_(other.size_) {}

PendingFile::~PendingFile() {
    if (!path_.empty()) unlink(path_.c_str());
}

Stored<void> PendingFile::write(std::string_view bytes) {
    hash_.update(bytes);
    size_ += bytes.size();
    while (!bytes.empty()) {
        auto written = ::write(file_.fd(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return file_failure(errno, path_, "writing");
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Stored<void> PendingFile::sync() {
    if (fsync(file_.fd()) != 0) return file_failure(errno, path_, "writing");
    return {};
}

Stored<void> PendingFile::move_to(const fs::path& path) {
    for (int i = 0;; ++i) {
        int error = make_folders(path.parent_path());
        if (error == 0 && rename(path_.c_str(), path.c_str()) == 0) break;
        if (error == 0) error = errno;
        if (error != ENOENT || i + 1 >= kFolderTries) return file_failure(error, path, "storing");
    }
    path_.clear();
    if (int error = sync_folder(path.parent_path()))
        return file_failure(error, path.parent_path(), "syncing");
    return {};
}

std::string PendingFile::sha256() {
    return hex(hash_.finish());
}

std::string print_meta(const ObjectInfo& info, bool is_public) {
    boost::json::object meta{{"size", info.size},
                             {"content_type", info.content_type},
                             {"cache_control", info.cache_control},
                             {"etag", info.etag},
                             {"public", is_public}};
    return boost::json::serialize(meta);
}

void apply_meta(ObjectInfo& info, std::string_view text) {
    boost::system::error_code error;
    auto value = boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
    auto* meta = error ? nullptr : value.if_object();
    auto* size = meta ? meta->if_contains("size") : nullptr;
    if (size == nullptr || !size->is_number() || size->to_number<std::uint64_t>(error) != info.size || error)
        return;
    auto take = [&](std::string& into, const char* name) {
        if (auto* member = meta->if_contains(name); member != nullptr && member->is_string())
            into = member->as_string().c_str();
    };
    take(info.content_type, "content_type");
    take(info.cache_control, "cache_control");
    take(info.etag, "etag");
}

Stored<ObjectInfo> read_info(const Folders& folders, const std::string& key) {
    auto path = folders.object(key);
    struct stat about {};
    if (lstat(path.c_str(), &about) != 0)
        return file_failure(errno == ENOTDIR ? ENOENT : errno, path, "reading");
    if (!S_ISREG(about.st_mode)) return file_failure(ENOENT, path, "reading");
    ObjectInfo info;
    info.key = key;
    info.size = static_cast<std::uint64_t>(about.st_size);
    info.content_type = content_type_of(key);
    info.etag = fmt::format("\"{:x}-{:x}-{:x}\"", about.st_ino, about.st_mtim.tv_sec, about.st_mtim.tv_nsec);
    info.modified =
        std::chrono::system_clock::time_point(std::chrono::duration_cast<std::chrono::system_clock::duration>(
            std::chrono::seconds(about.st_mtim.tv_sec) + std::chrono::nanoseconds(about.st_mtim.tv_nsec)));
    apply_meta(info, read_small_file(folders.meta(key)));
    return info;
}

Stored<void> remove_object(const Folders& folders, const std::string& key) {
    auto path = folders.object(key), meta = folders.meta(key);
    if (unlink(path.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR && errno != EISDIR)
        return file_failure(errno, path, "removing");
    unlink(meta.c_str());
    remove_empty_folders(path.parent_path(), folders.root);
    remove_empty_folders(meta.parent_path(), folders.root / ".meta");
    return {};
}

Stored<void> link_object(const Folders& folders, const std::string& from, const std::string& to) {
    auto info = read_info(folders, from);
    if (!info) return info.error();
    if (int error = make_folders(folders.pending())) return file_failure(error, folders.pending(), "making");
    // Objects are replaced, never changed, so two names of one file are as good as a copy.
    if (access(folders.meta(from).c_str(), F_OK) == 0) {
        auto linked = link_file(folders.meta(from), folders.meta(to), folders.pending());
        if (!linked) return linked;
    }
    return link_file(folders.object(from), folders.object(to), folders.pending());
}

Stored<Listing> list_objects(const Folders& folders, const std::string& prefix, const std::string& after,
                             std::size_t most) {
    auto folder = prefix.substr(0, prefix.rfind('/') == std::string::npos ? 0 : prefix.rfind('/'));
    std::vector<std::string> keys;
    std::error_code error;
    fs::recursive_directory_iterator at(folders.object(folder), fs::directory_options::skip_permission_denied,
                                        error),
        end;
    if (error && error.value() != ENOENT && error.value() != ENOTDIR)
        return file_failure(error.value(), folders.object(folder), "listing");
    while (!error && at != end) {
        auto key = at->path().lexically_relative(folders.root).string();
        if (key == ".meta" || key == ".tmp") {
            at.disable_recursion_pending();
        } else if (key.starts_with(prefix) && key > after) {
            std::error_code gone;
            if (at->symlink_status(gone).type() == fs::file_type::regular) keys.push_back(std::move(key));
        }
        at.increment(error);  // an object that went away meanwhile is no error
    }
    std::sort(keys.begin(), keys.end());
    Listing listing;
    for (const auto& key : keys) {
        if (listing.objects.size() == most) {
            listing.next = listing.objects.back().key;
            break;
        }
        auto info = read_info(folders, key);
        if (info) listing.objects.push_back(std::move(*info));
    }
    return listing;
}

}  // namespace seance::object
