#include "services/signaling/settings.hpp"

#include <fmt/format.h>

namespace seance::signaling {

Settings read_settings(config::Reader& read) {
    using namespace std::chrono_literals;
    Settings s;
    read(s.port, "PORT",
         {.about = "TCP port to listen on; 0: any free one, written to the log", .max = 65535});
    read(s.address, "ADDRESS", {.about = "Address to listen on; :: is every interface, IPv4 too"});
    read(s.admin_port, "ADMIN_PORT", {.about = "Port of /metrics, on loopback only; 0: none", .max = 65535});
    read(s.max_connections, "MAX_CONNECTIONS",
         {.about = "Peers connected at once; the next is answered 503", .min = 1});
    read(s.max_message_bytes, "MAX_MESSAGE_BYTES",
         {.about = "Size of one message; a larger one closes its connection with 1009",
          .min = 128,
          .max = 1 << 30});
    read(s.max_queue_bytes, "MAX_QUEUE_BYTES",
         {.about = "Bytes waiting for one peer that reads slowly; beyond it is closed with 1013",
          .min = 1024,
          .max = 1 << 30});
    read(s.max_topics, "MAX_TOPICS",
         {.about = "Topics of one connection; beyond it is closed with 1008", .min = 1});
    read(s.max_topic_bytes, "MAX_TOPIC_BYTES",
         {.about = "Length of a topic's name; a longer one closes its connection with 1008", .min = 1});
    read(s.ping_interval, "PING_INTERVAL",
         {.about = "Between WebSocket pings; a peer silent for two of them is cut", .min = 1000});
    read(s.close_timeout, "CLOSE_TIMEOUT", {.about = "For a peer to answer our Close frame", .min = 100});
    read(s.drain_timeout, "DRAIN_TIMEOUT", {.about = "For everything to end after SIGTERM", .min = 100});
    s.sync = sync::read_settings(read);
    // A relayed message is a little longer than it came, and one has to fit an empty queue.
    if (s.max_queue_bytes < s.max_message_bytes + 1024)
        read.problem(fmt::format("MAX_QUEUE_BYTES is {} and has to be at least MAX_MESSAGE_BYTES + 1024 ({})",
                                 s.max_queue_bytes, s.max_message_bytes + 1024));
    return s;
}

}  // namespace seance::signaling
