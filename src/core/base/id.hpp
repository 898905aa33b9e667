#pragma once
#include <cstdint>
#include <string>

namespace seance {

// 128 random bits as 32 lower-case hex digits: request ids and file names. Not for keys.
std::string random_id();

// RFC 9562 version 4, lower case with dashes.
std::string random_uuid();

// `bytes` bytes from the system's generator, fit for keys. Throws if the system has none.
std::string random_bytes(std::size_t bytes);

// Fast, per thread, not fit for keys: jitter and load spreading.
std::uint64_t random_number();

}  // namespace seance
