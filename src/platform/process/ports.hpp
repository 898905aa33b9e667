#pragma once
#include <cstdint>

namespace seance::process {

// A port of 127.0.0.1 that nobody listens on now, different at each call of this process. 0 if there is none.
std::uint16_t free_port();

// The same from a range that the system does not hand out to outgoing connections, so that it is likely to be
// free at the next start too.
std::uint16_t lasting_port();

// Takes that port out of those that this process gives; false if it is given, or somebody listens there.
bool claim_port(std::uint16_t port);

bool port_is_free(std::uint16_t port);

}  // namespace seance::process
