#pragma once
#include <cstdint>

namespace seance {

// Raises this process's soft limit on open files towards `wanted`, as far as the hard one lets it; what is
// missing then goes to the log. Each connection is an open file, and the usual soft limit is 1024.
void allow_open_files(std::uint64_t wanted);

}  // namespace seance
