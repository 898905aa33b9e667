#pragma once
#include <string>

#include "store/valkey/client.hpp"

namespace seance::testing_support {

// Gives up and comes back in fractions of a second.
inline valkey::ClientOptions quick() {
    using namespace std::chrono_literals;
    valkey::ClientOptions options;
    options.connect_timeout = options.command_timeout = options.longest_silence = 300ms;
    options.ping_interval = 100ms;
    options.first_retry = 10ms;
    options.longest_retry = 50ms;
    return options;
}

// A server on this machine.
inline valkey::Address at(std::uint16_t port, std::string password = "") {
    valkey::Address address;
    address.host = "127.0.0.1";
    address.port = port;
    address.password = SecretText(std::move(password));
    return address;
}

}  // namespace seance::testing_support
