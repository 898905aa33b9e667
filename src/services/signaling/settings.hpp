#pragma once
#include <cstdint>
#include <string>

#include "core/config/reader.hpp"
#include "services/signaling/sync/settings.hpp"

namespace seance::signaling {

struct Settings {
    std::uint16_t port = 4444;
    std::string address = "::";
    std::uint16_t admin_port = 0;
    std::uint64_t max_connections = 16'000;
    std::uint64_t max_message_bytes = 1 << 20;
    std::uint64_t max_queue_bytes = 4 << 20;
    std::uint64_t max_topics = 1000;
    std::uint64_t max_topic_bytes = 4096;
    Duration ping_interval = std::chrono::seconds(30);
    Duration close_timeout = std::chrono::seconds(5);
    Duration drain_timeout = std::chrono::seconds(25);
    sync::Settings sync;
};

// Problems are kept by the reader.
Settings read_settings(config::Reader& read);

}  // namespace seance::signaling
