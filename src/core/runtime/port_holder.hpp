#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace seance {

// The inode of the socket that listens on a port, from the text of /proc/net/tcp or tcp6.
std::optional<std::uint64_t> listening_inode(std::string_view table, std::uint16_t port);

// Who listens on a port of this machine, for people: "redis-server (process 4711)"; "another program" where
// the kernel does not tell us, as of a process of another user.
std::string holder_of_port(std::uint16_t port);

}  // namespace seance
