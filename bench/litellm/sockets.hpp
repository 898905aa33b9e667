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
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

namespace bench {

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

// Waits for events until `deadline` (ns of the monotonic clock), more exactly than epoll_wait's milliseconds.
inline int wait(int epoll, epoll_event* events, int most, std::int64_t deadline) {
    auto left = std::max<std::int64_t>(0, deadline - now_ns());
    timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
    auto n = epoll_pwait2(epoll, events, most, &timeout, nullptr);
    if (n < 0 && errno != EINTR) fail("epoll_pwait2");
    return std::max(0, n);
}

}  // namespace bench
