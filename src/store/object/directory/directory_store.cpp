#include "store/object/directory/directory_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/text.hpp"
#include "store/object/key.hpp"

namespace seance::object {
namespace {

// Bytes that go to the disk, or come from it, in one call.
constexpr std::size_t kPiece = 256 * 1024;

std::optional<Failure> refuse_key(std::string_view key) {
    auto problem = key_problem(key);
    if (problem.empty() &&
        (key == ".meta" || key == ".tmp" || key.starts_with(".meta/") || key.starts_with(".tmp/")))
        problem = "is in a folder that the store keeps for itself";
    if (problem.empty()) return std::nullopt;
    return Failure{Reason::BadKey,
                   fmt::format("the object key \"{}\" {}", is_utf8(key) ? key : "…", problem)};
}

// Renames the body last: a reader that sees it finds its type already there.
Stored<ObjectInfo> finish(const Folders& folders, PendingFile& body, const std::string& key,
                          const PutOptions& options) {
    if (auto synced = body.sync(); !synced) return synced.error();
    ObjectInfo info;
    info.key = key;
    info.size = body.size();
    info.content_type = options.content_type;
    info.cache_control = options.cache_control;
    info.etag = fmt::format("\"{}\"", body.sha256());
    info.modified = std::chrono::system_clock::now();

    auto meta = PendingFile::create(folders.pending());
    if (!meta) return meta.error();
    if (auto written = meta->write(print_meta(info, options.is_public)); !written) return written.error();
    if (auto synced = meta->sync(); !synced) return synced.error();
    if (auto moved = meta->move_to(folders.meta(key)); !moved) return moved.error();
    if (auto moved = body.move_to(folders.object(key)); !moved) return moved.error();
    return info;
}

class FileReader final : public ObjectReader {
  public:
    FileReader(Worker& worker, std::shared_ptr<File> file, ObjectInfo info)
        : worker_(worker), file_(std::move(file)), info_(std::move(info)) {}

    const ObjectInfo& info() const override { return info_; }

    Awaitable<Stored<std::string_view>> read() override {
        auto fetch = [file = file_, buffer = buffer_, at = at_]() -> Stored<std::size_t> {
            auto got = pread(file->fd(), buffer->data(), buffer->size(), static_cast<off_t>(at));
            if (got < 0) return file_failure(errno, "an object", "reading");
            return static_cast<std::size_t>(got);
        };
        auto got = co_await worker_.run(fetch);
        if (!got) co_return got.error();
        at_ += *got;
        co_return std::string_view(buffer_->data(), *got);
    }

  private:
    Worker& worker_;
    std::shared_ptr<File> file_;
    ObjectInfo info_;
    // Shared with work in progress, which outlives a reader that is dropped meanwhile.
    std::shared_ptr<std::vector<char>> buffer_ = std::make_shared<std::vector<char>>(kPiece);
    std::uint64_t at_ = 0;
};

}  // namespace

DirectoryStore::DirectoryStore(std::filesystem::path root)
    : ObjectStore("directory"), folders_{std::move(root)} {}

template <class T, class Work>
Awaitable<Stored<T>> DirectoryStore::on_disk(Work work) {
    auto result = co_await worker_.run(std::move(work));
    if (result)
        note_success();
    else
        note(result.error());
    co_return result;
}

Awaitable<Stored<ObjectInfo>> DirectoryStore::put_from(std::string key, BodySource& body,
                                                       PutOptions options) {
    if (auto refused = refuse_key(key)) co_return *refused;
    auto create = [folders = folders_]() -> Stored<std::shared_ptr<PendingFile>> {
        auto file = PendingFile::create(folders.pending());
        if (!file) return file.error();
        return std::make_shared<PendingFile>(std::move(*file));
    };
    auto created = co_await on_disk<std::shared_ptr<PendingFile>>(create);
    if (!created) co_return created.error();
    auto file = *created;

    auto pending = std::make_shared<std::string>();
    while (true) {
        auto piece = co_await body.read();
        if (!piece) co_return piece.error();
        bool ended = piece->empty();
        *pending += *piece;
        if (!ended && pending->size() < kPiece) continue;
        auto write = [file, pending] {
            auto written = file->write(*pending);
            pending->clear();
            return written;
        };
        auto written = co_await on_disk<void>(write);
        if (!written) co_return written.error();
        if (ended) break;
    }
    auto end = [file, key, options, folders = folders_] { return finish(folders, *file, key, options); };
    co_return co_await on_disk<ObjectInfo>(end);
}

Awaitable<Stored<std::unique_ptr<ObjectReader>>> DirectoryStore::open(std::string key) {
    if (auto refused = refuse_key(key)) co_return *refused;
    using Opened = std::pair<std::shared_ptr<File>, ObjectInfo>;
    auto open_it = [key, folders = folders_]() -> Stored<Opened> {
        auto info = read_info(folders, key);
        if (!info) return info.error();
        auto path = folders.object(key);
        auto file = std::make_shared<File>(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
        if (!*file) return file_failure(errno, path, "reading");
        return Opened(std::move(file), std::move(*info));
    };
    auto opened = co_await on_disk<Opened>(open_it);
    if (!opened) co_return opened.error();
    std::unique_ptr<ObjectReader> reader =
        std::make_unique<FileReader>(worker_, std::move(opened->first), std::move(opened->second));
    co_return reader;
}

Awaitable<Stored<ObjectInfo>> DirectoryStore::head(std::string key) {
    if (auto refused = refuse_key(key)) co_return *refused;
    auto look = [key, folders = folders_] { return read_info(folders, key); };
    co_return co_await on_disk<ObjectInfo>(look);
}

Awaitable<Stored<void>> DirectoryStore::remove(std::string key) {
    if (auto refused = refuse_key(key)) co_return *refused;
    auto take_away = [key, folders = folders_] { return remove_object(folders, key); };
    co_return co_await on_disk<void>(take_away);
}

// Whoever can read the folder can read every object, so `is_public` changes nothing here.
Awaitable<Stored<void>> DirectoryStore::copy(std::string from, std::string to, bool) {
    if (auto refused = refuse_key(from)) co_return *refused;
    if (auto refused = refuse_key(to)) co_return *refused;
    auto link = [from, to, folders = folders_] { return link_object(folders, from, to); };
    co_return co_await on_disk<void>(link);
}

Awaitable<Stored<Listing>> DirectoryStore::list(std::string prefix, std::string after, std::size_t most) {
    // A prefix may end anywhere, but must not lead out of the folder: it is judged as the key it begins.
    if (!prefix.empty())
        if (auto refused = refuse_key(prefix.back() == '/' ? prefix + "x" : prefix)) co_return *refused;
    auto look = [prefix, after, most, folders = folders_] {
        return list_objects(folders, prefix, after, most);
    };
    co_return co_await on_disk<Listing>(look);
}

}  // namespace seance::object
