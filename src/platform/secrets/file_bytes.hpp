#pragma once
#include <sys/types.h>

#include <string>

#include "core/base/wiped_bytes.hpp"
#include "platform/secrets/failure.hpp"

namespace seance::secrets {

// More than any set of secrets needs; beyond it someone has named the wrong file.
inline constexpr std::size_t kMostFileBytes = 1 << 20;

struct FileBytes {
    WipedBytes bytes;
    mode_t mode = 0;  // permissions
};

// The whole of a regular file of at most kMostFileBytes.
Outcome<FileBytes> read_file(const std::string& path);

}  // namespace seance::secrets
