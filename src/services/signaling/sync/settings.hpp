#pragma once
#include <cstdint>
#include <string>

#include "core/config/reader.hpp"

namespace seance::signaling::sync {

// When what was written to a log file is also on the disk, for the day the machine (not the program) dies.
enum class Fsync { Always, Interval, Never };

struct Settings {
    bool enabled = false;
    std::uint64_t max_message_bytes = 8 << 20;
    std::uint64_t max_document_bytes = 64 << 20;
    std::uint64_t max_memory_bytes = 512 << 20;
    std::uint64_t max_rooms = 10'000;
    std::uint64_t max_room_bytes = 1024;
    std::uint64_t max_answer_bytes_per_second = 4 << 20;
    std::string directory;
    Fsync fsync = Fsync::Interval;
    Duration ttl = std::chrono::hours(24 * 30);
    // Those of the whole service.
    std::uint64_t max_messages_per_second = 0;
    Duration drain_spread{};
};

// Problems are kept by the reader.
Settings read_settings(config::Reader& read);

}  // namespace seance::signaling::sync
