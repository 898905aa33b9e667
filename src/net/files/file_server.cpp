#include "net/files/file_server.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/observe/log.hpp"

namespace seance::files {
namespace {

struct OpenFile {
    explicit OpenFile(const std::filesystem::path& path)
        : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) {}
    ~OpenFile() {
        if (fd >= 0) ::close(fd);
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;

    int fd;
};

bool is_as_indexed(const struct stat& status, const File& file) {
    return static_cast<std::uint64_t>(status.st_size) == file.size &&
           std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec == file.modified_ns;
}

// A range with its own head: both live until the last byte is written.
struct Part {
    std::string head;
    std::shared_ptr<const FileIndex> index;
};

}  // namespace

struct FileServer::FromDisk {
    std::shared_ptr<const FileIndex> index;
    Answer answer;

    Awaitable<void> send(http::Exchange& exchange);
    void settle_for_changed_file(const struct stat& status);
};

void FileServer::replace(std::shared_ptr<const FileIndex> index) {
    // A count of its own: each answer adds to it, and one count for all loops would travel between their
    // cores.
    auto* plain = index.get();
    index_ = std::shared_ptr<const FileIndex>(plain, [keep = std::move(index)](const FileIndex*) {});
}

Awaitable<void> FileServer::serve(http::Exchange& exchange) const {
    if (auto rest = answer(exchange)) co_await rest->send(exchange);
}

std::unique_ptr<FileServer::FromDisk> FileServer::answer(http::Exchange& exchange) const {
    const auto& request = exchange.head();
    bool head_only = request.method == "HEAD";
    auto answer = decide(*index_, request);
    if (answer.status >= 400) {
        exchange.reply(error_page(exchange, answer.status, answer.fields));
    } else if (answer.from_disk != nullptr && !head_only) {
        return std::make_unique<FromDisk>(FromDisk{index_, std::move(answer)});
    } else if (!answer.head.empty()) {
        exchange.reply(http::PreparedResponse{answer.status, answer.head,
                                              head_only ? std::string_view{} : answer.body, index_});
    } else if (!answer.made_head.empty()) {
        auto part = std::make_shared<Part>(Part{std::move(answer.made_head), index_});
        exchange.reply(http::PreparedResponse{answer.status, part->head, answer.body, part});
    } else {
        exchange.reply(http::Response{answer.status, std::move(answer.fields), ""});
    }
    return nullptr;
}

Awaitable<void> FileServer::FromDisk::send(http::Exchange& exchange) {
    OpenFile file(answer.from_disk->source);
    struct stat status {};
    if (file.fd < 0 || ::fstat(file.fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        observe::log(observe::Level::Error, "file_vanished").field("path", answer.from_disk->path);
        exchange.reply(error_page(exchange, 404, {}));
        co_return;
    }
    if (!is_as_indexed(status, *answer.from_disk)) settle_for_changed_file(status);
    if (co_await exchange.start(answer.status, answer.fields, answer.range.length)) co_return;
    if (answer.range.length > 0 &&
        co_await exchange.send_file(file.fd, answer.range.offset, answer.range.length))
        co_return;
    co_await exchange.finish();
}

// What is there now is sent whole, without a validator that stands for other bytes; a reload makes it right.
void FileServer::FromDisk::settle_for_changed_file(const struct stat& status) {
    observe::log(observe::Level::Warning, "file_changed_since_index").field("path", answer.from_disk->path);
    answer.status = 200;
    answer.range = {0, static_cast<std::uint64_t>(status.st_size)};
    for (auto name : {"ETag", "Last-Modified", "Content-Range", "Accept-Ranges"}) answer.fields.remove(name);
    answer.fields.set("Cache-Control", "no-cache");
}

http::Response error_page(http::Exchange& exchange, int status, const http::Fields& fields) {
    auto page = http::error_page(status, exchange.request_id());
    for (const auto& [name, value] : fields.all()) page.fields.set(name, value);
    return page;
}

}  // namespace seance::files
