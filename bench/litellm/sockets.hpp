#pragma once
// Plain epoll pieces for the two programs of this folder: they must cost less than what they measure.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

namespace bench {

// Generator and mock share a core: neither waits for the other's turn of some milliseconds to end.
constexpr std::chrono::microseconds kTurn{100};

inline std::int64_t now_ns() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

[[noreturn]] inline void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

inline void allow_many_files() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

inline sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

inline void no_delay(int fd) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

// The kernel is to note when bytes reach the socket.
inline void note_arrivals(int fd) {
    int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
}

// As recv(2). `at`: when the last of the bytes reached the socket, as now_ns(), which is earlier than now by
// however long this process had other things to do.
inline ssize_t receive(int fd, char* buffer, std::size_t size, std::int64_t& at) {
    alignas(cmsghdr) char room[CMSG_SPACE(sizeof(timespec))];
    iovec part{buffer, size};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = room;
    message.msg_controllen = sizeof(room);
    const auto n = recvmsg(fd, &message, 0);
    at = now_ns();
    const auto* note = n > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
    if (!note || note->cmsg_type != SCM_TIMESTAMPNS) return n;
    timespec noted{}, now{};
    std::memcpy(&noted, CMSG_DATA(note), sizeof(noted));
    clock_gettime(CLOCK_REALTIME, &now);
    at -= (now.tv_sec - noted.tv_sec) * 1'000'000'000 + now.tv_nsec - noted.tv_nsec;
    return n;
}

// Waits for events until `deadline` (ns of the monotonic clock), more exactly than epoll_wait's milliseconds.
inline int wait(int epoll, epoll_event* events, int most, std::int64_t deadline) {
    auto left = std::max<std::int64_t>(0, deadline - now_ns());
    timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
    auto n = epoll_pwait2(epoll, events, most, &timeout, nullptr);
    if (n < 0 && errno != EINTR) fail("epoll_pwait2");
    return std::max(0, n);
}

}  // namespace bench
