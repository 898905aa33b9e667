#include "platform/targets/local/control.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>

namespace seance::local {

namespace {

constexpr std::size_t kLongestRequest = 64 * 1024;

// The address of a socket by way of its folder's descriptor: the path itself may be longer than an address
// holds.
struct ShortPath {
    explicit ShortPath(const std::string& path) {
        const std::filesystem::path whole(path);
        folder = ::open(whole.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
        text = fmt::format("/proc/self/fd/{}/{}", folder, whole.filename().string());
    }
    ~ShortPath() {
        if (folder >= 0) ::close(folder);
    }
    ShortPath(const ShortPath&) = delete;
    ShortPath& operator=(const ShortPath&) = delete;
    int folder;
    std::string text;
};

}  // namespace

struct ControlServer::Impl {
    using Protocol = asio::local::stream_protocol;
    using Socket = asio::basic_stream_socket<Protocol, Executor>;

    Impl(Executor e, std::string p, Answer a)
        : executor(e), path(std::move(p)), answer(std::move(a)), acceptor(e), tasks(e) {}

    Awaitable<void> accept() {
        for (;;) {
            auto [error, socket] = co_await acceptor.async_accept(kAwait);
            if (error) co_return;
            tasks.spawn(serve(std::move(socket)));
        }
    }

    Awaitable<void> serve(Socket socket) {
        std::string text;
        char piece[4096];
        while (text.size() < kLongestRequest) {
            auto [error, n] = co_await socket.async_read_some(asio::buffer(piece), kAwait);
            if (error) co_return;
            text.append(piece, n);
            const auto end = text.find('\n');
            if (end == std::string::npos) continue;
            auto reply = answer(std::string_view(text).substr(0, end)) + "\n";
            text.erase(0, end + 1);
            auto [failed, written] = co_await asio::async_write(socket, asio::buffer(reply), kAwait);
            if (failed) co_return;
        }
    }

    Executor executor;
    std::string path;
    Answer answer;
    asio::basic_socket_acceptor<Protocol, Executor> acceptor;
    TaskGroup tasks;
};

ControlServer::ControlServer(Executor executor, std::string path, Answer answer)
    : impl_(std::make_unique<Impl>(executor, std::move(path), std::move(answer))) {}

ControlServer::~ControlServer() = default;

std::optional<Problem> ControlServer::listen() {
    ::unlink(impl_->path.c_str());  // left by a process that was killed: we hold the lock
    const ShortPath address{impl_->path};
    error_code error;
    impl_->acceptor.open(Impl::Protocol{}, error);
    if (!error) impl_->acceptor.bind(Impl::Protocol::endpoint{address.text}, error);
    if (!error) ::chmod(impl_->path.c_str(), 0600);
    if (!error) impl_->acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return Problem{fmt::format("cannot listen on {}: {}", impl_->path, error.message())};
    impl_->tasks.spawn(impl_->accept());
    return std::nullopt;
}

Awaitable<void> ControlServer::stop() {
    error_code ignored;
    impl_->acceptor.close(ignored);
    impl_->tasks.cancel();
    co_await impl_->tasks.wait();
    ::unlink(impl_->path.c_str());
}

std::optional<std::string> ask_control(const std::string& path, std::string_view request) {
    const ShortPath address{path};
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    ::strncpy(where.sun_path, address.text.c_str(), sizeof where.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return std::nullopt;
    const timeval limit{2, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    std::string line = std::string(request) + "\n", answer;
    bool whole = false;
    if (::connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0 &&
        ::send(fd, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size())) {
        char piece[4096];
        for (ssize_t n = 0; !whole && (n = ::recv(fd, piece, sizeof piece, 0)) > 0;) {
            answer.append(piece, static_cast<std::size_t>(n));
            whole = answer.ends_with('\n');
        }
    }
    ::close(fd);
    if (!whole) return std::nullopt;
    answer.pop_back();
    return answer;
}

}  // namespace seance::local
