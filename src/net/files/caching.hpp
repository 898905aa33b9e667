#pragma once
#include <string_view>

namespace seance::files {

// True for names that carry a build hash: under `build_directory`, and "-" or "." before eight or more of
// A-Z a-z 0-9 _ - right before the extension ("/assets/index-BxY12_-q.js").
bool carries_hash(std::string_view path, std::string_view build_directory);

// The Cache-Control of a file that is sent (200, 206, 304). What names other files, or is looked for under a
// fixed name, must be asked for again; what changes its name with its content never has to be.
std::string_view cache_control(std::string_view path, std::string_view build_directory, bool is_page);

}  // namespace seance::files
