#pragma once
#include <cstdint>

namespace seance {

// Raises this process's limit on open files towards `wanted`: the soft one as far as the hard one lets it,
// and the hard one where we may; what is missing then goes to the log. Each connection is an open file, and
// the usual soft limit is 1024. Gives the limit that holds now.
std::uint64_t allow_open_files(std::uint64_t wanted);

}  // namespace seance
