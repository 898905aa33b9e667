#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/secret.hpp"
#include "core/config/reader.hpp"
#include "net/proxy/trusted_client.hpp"
#include "net/websocket/connection.hpp"
#include "services/signaling/sync/settings.hpp"
#include "services/signaling/turn/settings.hpp"
#include "store/valkey/address.hpp"

namespace seance::signaling {

struct Settings {
    std::uint16_t port = 4444;
    std::string address = "::";
    std::uint16_t admin_port = 0;
    std::uint32_t threads = 1;

    // Who may connect.
    std::uint64_t max_connections = 60'000;
    std::uint64_t max_connections_per_ip = 0;
    std::vector<std::string> allowed_origins;
    proxy::Networks trusted;  // none
    SecretText room_token_secret;

    // What a connection may do.
    std::uint64_t max_message_bytes = 1 << 20;
    std::uint64_t max_messages_per_second = 0;
    std::uint64_t max_topics = 1000;
    std::uint64_t max_topic_bytes = 4096;
    std::uint64_t max_total_topic_bytes = 256 << 20;
    std::uint64_t max_queue_bytes = 4 << 20;
    std::uint64_t max_total_queue_bytes = 256 << 20;
    websocket::SlowReader slow_reader = websocket::SlowReader::Close;
    bool compression = false;
    std::uint64_t compress_from_bytes = 256;

    // Other replicas.
    std::optional<valkey::Address> valkey;
    std::string channel_prefix = "seance:signaling:";
    Duration replica_lease = std::chrono::seconds(6);

    std::string record_file;
    bool record_content = false;

    Duration ping_interval = std::chrono::seconds(30);
    Duration close_timeout = std::chrono::seconds(5);
    Duration drain_spread = std::chrono::seconds(10);
    Duration drain_timeout = std::chrono::seconds(25);
    sync::Settings sync;
    turn::Settings turn;
};

// Problems are kept by the reader.
Settings read_settings(config::Reader& read);

}  // namespace seance::signaling
