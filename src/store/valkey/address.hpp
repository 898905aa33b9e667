#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace seance::valkey {

// Where a server is, and who we are to it.
struct Address {
    std::string host = "localhost";  // name or address, without brackets
    std::uint16_t port = 6379;
    std::string user;  // "" = the default user
    SecretText password;
    std::uint32_t database = 0;
    bool tls = false;

    std::string printed() const;  // "host:port", for logs: never the password
};

// "redis://[user][:password@]host[:port][/database]", percent-encoded as URLs are; "rediss://" over TLS.
// "valkey://" and "valkeys://" mean the same. The problem never repeats the text: it may hold a password.
Outcome<Address> parse_address(std::string_view url);

}  // namespace seance::valkey
