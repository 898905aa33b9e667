#include "platform/images/layer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "core/base/hash.hpp"
#include "platform/images/gzip.hpp"
#include "platform/images/tar.hpp"

namespace seance::images {
namespace {

constexpr std::size_t kPiece = 256 * 1024;
constexpr unsigned kFolderMode = 0755;

// An open file that closes itself.
class OpenFile {
  public:
    explicit OpenFile(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~OpenFile() {
        if (fd_ >= 0) ::close(fd_);
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    int fd() const { return fd_; }

  private:
    int fd_;
};

// Sorted by path, with each folder before what is in it.
using Entries = std::map<std::string, LayerEntry>;

Outcome<Entries> arrange(std::vector<LayerEntry> entries) {
    Entries arranged;
    for (auto& entry : entries) {
        if (entry.path.starts_with('/')) entry.path.erase(0, 1);
        auto path = entry.path;
        if (!arranged.emplace(path, std::move(entry)).second)
            return Problem{fmt::format("/{} is put into the image twice", path)};
    }
    Entries folders;
    for (const auto& [path, entry] : arranged) {
        for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
            auto folder = path.substr(0, slash);
            auto found = arranged.find(folder);
            if (found != arranged.end() && !found->second.is_directory)
                return Problem{fmt::format("/{} is put into the image as a file and as a folder", folder)};
            if (found == arranged.end())
                folders.emplace(folder, LayerEntry{folder, kFolderMode, {}, {}, true});
        }
    }
    arranged.merge(folders);
    if (arranged.size() > kMostEntries)
        return Problem{fmt::format("more than {} files in one layer of an image", kMostEntries)};
    return arranged;
}

// Writes one archive, in memory: what compresses fastest wants it whole.
class LayerWriter {
  public:
    explicit LayerWriter(std::int64_t modified)
        : tar_([this](std::string_view bytes) { archive_ += bytes; }, modified) {}

    Outcome<void> add(const LayerEntry& entry) {
        if (entry.is_directory) return tar_.directory(entry.path, entry.mode);
        if (!entry.source.empty()) return add_file(entry);
        if (auto begun = begin_file(entry, entry.content.size()); !begun) return begun;
        tar_.content(entry.content);
        return {};
    }

    Layer finish() {
        tar_.finish();
        Layer layer;
        layer.unpacked = archive_.size();
        layer.diff_id = digest_of(archive_);
        layer.blob.media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
        layer.blob.bytes = std::make_shared<const std::string>(gzip(archive_));
        layer.blob.digest = digest_of(*layer.blob.bytes);
        return layer;
    }

  private:
    Outcome<void> begin_file(const LayerEntry& entry, std::uint64_t size) {
        if (archive_.size() + size > kMostUnpacked)
            return Problem{fmt::format("a layer of the image is larger than {} MiB", kMostUnpacked >> 20)};
        return tar_.file(entry.path, entry.mode, size);
    }

    Outcome<void> add_file(const LayerEntry& entry) {
        OpenFile file(entry.source);
        struct stat status {};
        if (file.fd() < 0 || ::fstat(file.fd(), &status) != 0)
            return Problem{fmt::format("cannot read {}: {}", entry.source, ::strerror(errno))};
        if (!S_ISREG(status.st_mode))
            return Problem{
                fmt::format("{} is not a file; list the files of a folder one by one", entry.source)};
        auto left = static_cast<std::uint64_t>(status.st_size);
        if (auto begun = begin_file(entry, left); !begun) return begun;
        std::string piece(kPiece, '\0');
        while (left > 0) {
            auto n = ::read(file.fd(), piece.data(), std::min<std::uint64_t>(left, piece.size()));
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0)
                return Problem{fmt::format("{} {} while it was read; build again", entry.source,
                                           n == 0 ? "became shorter" : ::strerror(errno))};
            tar_.content({piece.data(), static_cast<std::size_t>(n)});
            left -= static_cast<std::uint64_t>(n);
        }
        return {};
    }

    std::string archive_;
    TarWriter tar_;
};

}  // namespace

std::string digest_of(std::string_view bytes) {
    return "sha256:" + sha256_hex(bytes);
}

Outcome<Layer> build_layer(std::vector<LayerEntry> entries, std::int64_t modified) {
    auto arranged = arrange(std::move(entries));
    if (!arranged) return arranged.error();
    LayerWriter writer(modified);
    for (const auto& [path, entry] : *arranged)
        if (auto added = writer.add(entry); !added) return added.error();
    return writer.finish();
}

}  // namespace seance::images
