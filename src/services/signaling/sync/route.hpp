#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace seance::signaling::sync {

// Where clients connect: new WebsocketProvider('wss://signaling.example.com/sync', room, doc).
inline constexpr std::string_view kPath = "/sync/";

inline bool is_sync_path(std::string_view path) {
    return path.starts_with(kPath);
}

// The room that a path names: what follows kPath, percent-decoded. A slash in it is part of the name, as the
// provider does not escape it.
Outcome<std::string> room_of_path(std::string_view path, std::size_t most);

// The path for the log, with the room's hash in place of its name.
std::string masked_path(std::string_view path, std::size_t most);

}  // namespace seance::signaling::sync
