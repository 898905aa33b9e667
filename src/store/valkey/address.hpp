#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/config/reader.hpp"

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

// Reads that URL from a variable of a service. Nothing: it is not set, or is a problem that the reader has
// been told of.
std::optional<Address> read_address(config::Reader& read, const char* name, const config::About& about);

}  // namespace seance::valkey
