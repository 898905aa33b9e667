#include "platform/process/ports.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>
#include <set>

namespace seance::process {

namespace {

// Gives the port that was bound and listened on for a moment, or 0.
std::uint16_t bind_to(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return 0;
    const int on = 1;
    // A port whose last connections are in TIME_WAIT is free for a listener that sets this, as ours do.
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    socklen_t size = sizeof address;
    const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(fd, 1) == 0 &&
                       ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(fd);
    return bound ? ntohs(address.sin_port) : 0;
}

std::set<std::uint16_t>& given() {
    static std::set<std::uint16_t> ports;
    return ports;
}

// Linux takes ports of outgoing connections from 32768 on, unless told otherwise.
constexpr std::uint16_t kFirstLasting = 10000, kLastLasting = 31999;

}  // namespace

std::uint16_t free_port() {
    for (int i = 0; i < 100; ++i)
        if (const auto port = bind_to(0); port != 0 && given().insert(port).second) return port;
    return 0;
}

std::uint16_t lasting_port() {
    std::random_device random;
    std::uniform_int_distribution<int> any(kFirstLasting, kLastLasting);
    for (int i = 0; i < 100; ++i)
        if (const auto port = static_cast<std::uint16_t>(any(random)); claim_port(port)) return port;
    return free_port();
}

bool claim_port(std::uint16_t port) {
    return port != 0 && bind_to(port) != 0 && given().insert(port).second;
}

bool port_is_free(std::uint16_t port) {
    return bind_to(port) != 0;
}

}  // namespace seance::process
