#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/hash.hpp"
#include "store/object/object_store.hpp"

// The blocking half of the directory store: called on worker threads only. POSIX calls rather than streams,
// since only these say what went wrong and can be synced.
namespace seance::object {

// The sentence for an errno.
Failure file_failure(int error, const std::filesystem::path& path, std::string_view doing);

// An open file descriptor.
class File {
  public:
    File() = default;
    explicit File(int fd) : fd_(fd) {}
    File(File&& other) noexcept : fd_(other.release()) {}
    File& operator=(File&& other) noexcept;
    ~File();
    int fd() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    int release();

  private:
    int fd_ = -1;
};

// A file under a name that no reader knows, until move_to() gives it its own; gone if that never happens.
class PendingFile {
  public:
    static Stored<PendingFile> create(const std::filesystem::path& folder);
    PendingFile(PendingFile&&) noexcept;
    ~PendingFile();

    Stored<void> write(std::string_view bytes);
    Stored<void> sync();
    // Makes missing folders; replaces what is there, at once. The folder is synced too.
    Stored<void> move_to(const std::filesystem::path& path);

    std::uint64_t size() const { return size_; }
    std::string sha256();  // of all that was written; once

  private:
    PendingFile(File file, std::filesystem::path path) : file_(std::move(file)), path_(std::move(path)) {}

    File file_;
    std::filesystem::path path_;
    Sha256 hash_;
    std::uint64_t size_ = 0;
};

// Where one store keeps things: objects under `root` by their keys, what is known about them under
// `root`/.meta in files of the same names, and unfinished files under `root`/.tmp.
struct Folders {
    std::filesystem::path root;

    std::filesystem::path object(std::string_view key) const { return root / key; }
    std::filesystem::path meta(std::string_view key) const { return root / ".meta" / key; }
    std::filesystem::path pending() const { return root / ".tmp"; }
};

// The sidecar's text, and back. Read back for a file of another size it counts for nothing: then a crash came
// between the two renames.
std::string print_meta(const ObjectInfo& info, bool is_public);
void apply_meta(ObjectInfo& info, std::string_view text);

Stored<ObjectInfo> read_info(const Folders& folders, const std::string& key);
Stored<void> remove_object(const Folders& folders, const std::string& key);
Stored<void> link_object(const Folders& folders, const std::string& from, const std::string& to);
Stored<Listing> list_objects(const Folders& folders, const std::string& prefix, const std::string& after,
                             std::size_t most);

}  // namespace seance::object
