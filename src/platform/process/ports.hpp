#pragma once
#include <cstdint>

namespace seance::process {

// A port of 127.0.0.1 that nobody listens on now, different at each call of this process. 0 if there is none.
std::uint16_t free_port();

bool port_is_free(std::uint16_t port);

}  // namespace seance::process
