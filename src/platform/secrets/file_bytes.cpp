#include "platform/secrets/file_bytes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace seance::secrets {

namespace {

// Closes itself.
struct OpenFile {
    explicit OpenFile(const std::string& path)
        // Without O_NONBLOCK a pipe that nobody writes to would be waited for.
        : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
    ~OpenFile() {
        if (fd >= 0) ::close(fd);
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    const int fd;
};

Failure cannot_read(const std::string& path, int error) {
    if (error == ENOENT) return {Reason::NoFile, fmt::format("{} does not exist", path)};
    return {Reason::NoFile, fmt::format("{} cannot be read: {}", path, ::strerror(error))};
}

}  // namespace

Outcome<FileBytes> read_file(const std::string& path) {
    const OpenFile file(path);
    struct stat about {};
    if (file.fd < 0 || ::fstat(file.fd, &about) != 0) return cannot_read(path, errno);
    if (!S_ISREG(about.st_mode)) return Failure{Reason::NoFile, fmt::format("{} is not a file", path)};

    FileBytes read{WipedBytes(kMostFileBytes + 1), about.st_mode & 07777};
    std::size_t held = 0;
    while (held < read.bytes.size()) {
        const auto n = ::read(file.fd, read.bytes.data() + held, read.bytes.size() - held);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return cannot_read(path, errno);
        if (n == 0) break;
        held += static_cast<std::size_t>(n);
    }
    if (held > kMostFileBytes)
        return Failure{Reason::Invalid,
                       fmt::format("{} is larger than 1 MiB: that is no file of secrets", path)};
    read.bytes.resize(held);
    return read;
}

}  // namespace seance::secrets
