#include "services/signaling/settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/ports.hpp"
#include "services/signaling/origins.hpp"

namespace seance::signaling {
namespace {

// An HMAC-SHA-256 key shorter than its hash can be guessed from one token (RFC 7518 section 3.2).
constexpr std::size_t kLeastSecret = 32;

void read_who(config::Reader& read, Settings& s) {
    read(s.max_connections, "MAX_CONNECTIONS",
         {.about = "Peers connected at once, over all threads; the next is answered 503", .min = 1});
    read(s.max_connections_per_ip, "MAX_CONNECTIONS_PER_IP",
         {.about = "Peers of one address (IPv6: one /64) at once; the next is answered 429; 0: no limit"});
    proxy::Networks::read(
        read,
        "Address ranges whose X-Forwarded-For and X-Real-IP are believed, such as 10.0.0.0/8; "
        "default: nobody's",
        s.trusted);
    read(s.allowed_origins, "ALLOWED_ORIGINS",
         {.about = "Origins whose pages may connect, such as https://seance.dev or https://*.seance.dev; "
                   "none: all"});
    for (auto& origin : s.allowed_origins) {
        auto why = origin_problem(origin);
        if (!why.empty()) read.problem(fmt::format("ALLOWED_ORIGINS: \"{}\" {}", origin, why));
    }
    read(s.room_token_secret, "ROOM_TOKEN_SECRET",
         {.about = "Key that room tokens are signed with, 32 characters or more; none: rooms are open"});
    if (auto size = s.room_token_secret.reveal().size(); size > 0 && size < kLeastSecret)
        read.problem(
            fmt::format("ROOM_TOKEN_SECRET has {} characters and needs at least {}; `openssl rand -hex 32` "
                        "prints a good one",
                        size, kLeastSecret));
}

void read_what(config::Reader& read, Settings& s) {
    read(s.max_message_bytes, "MAX_MESSAGE_BYTES",
         {.about = "Size of one message, expanded; a larger one closes its connection with 1009",
          .min = 128,
          .max = 1 << 30});
    read(s.max_messages_per_second, "MAX_MESSAGES_PER_SECOND",
         {.about = "Messages of one connection, with a burst of two seconds' worth; beyond it is closed with "
                   "1008; 0: no limit",
          .max = 1'000'000});
    read(s.max_topics, "MAX_TOPICS",
         {.about = "Topics of one connection; beyond it is closed with 1008", .min = 1});
    read(s.max_topic_bytes, "MAX_TOPIC_BYTES",
         {.about = "Length of a topic's name; a longer one closes its connection with 1008", .min = 1});
    read(s.max_total_topic_bytes, "MAX_TOTAL_TOPIC_BYTES",
         {.about =
              "Memory of a thread's topics and who is in them; beyond it who subscribes is closed with 1013",
          .min = 1024,
          .max = 1LL << 40});
    read(s.max_queue_bytes, "MAX_QUEUE_BYTES",
         {.about = "Bytes waiting for one peer that reads slowly; beyond it SLOW_READERS applies",
          .min = 1024,
          .max = 1 << 30});
    read(s.max_total_queue_bytes, "MAX_TOTAL_QUEUE_BYTES",
         {.about =
              "Bytes waiting for all slow peers of a thread, and of messages that came in part; beyond it "
              "SLOW_READERS applies to the next reader, and a writer is closed with 1013",
          .min = 1024,
          .max = 1LL << 40});
    std::string slow = "close";
    read(slow, "SLOW_READERS",
         {.about = "A peer that reads too slowly is closed with 1013, or loses its oldest messages",
          .one_of = {"close", "drop-oldest"}});
    if (slow == "drop-oldest") s.slow_reader = websocket::SlowReader::DropOldest;
    read(s.compression, "COMPRESSION", {.about = "Agree to permessage-deflate with peers that ask for it"});
    read(s.compress_from_bytes, "COMPRESS_FROM_BYTES",
         {.about = "Messages from this size on are sent compressed where that was agreed on", .min = 1});
    // A relayed message is a little longer than it came, and one has to fit an empty queue.
    if (s.max_queue_bytes < s.max_message_bytes + 1024)
        read.problem(fmt::format("MAX_QUEUE_BYTES is {} and has to be at least MAX_MESSAGE_BYTES + 1024 ({})",
                                 s.max_queue_bytes, s.max_message_bytes + 1024));
    if (s.max_total_queue_bytes < s.max_queue_bytes)
        read.problem(fmt::format("MAX_TOTAL_QUEUE_BYTES is {} and has to be at least MAX_QUEUE_BYTES ({})",
                                 s.max_total_queue_bytes, s.max_queue_bytes));
}

void read_replicas(config::Reader& read, Settings& s) {
    s.valkey = valkey::read_address(
        read, "VALKEY_URL",
        {.about = "Valkey over which replicas share their rooms, such as redis://:password@valkey:6379 "
                  "(rediss:// for TLS); none: there is one replica"});
    read(s.channel_prefix, "VALKEY_CHANNEL_PREFIX",
         {.about = "Begins the names of the channels; replicas meet only with the same one"});
    if (s.channel_prefix.find_first_of("{} \r\n") != std::string::npos || s.channel_prefix.size() > 128)
        read.problem("VALKEY_CHANNEL_PREFIX has to be at most 128 characters without spaces and braces");
    read(s.replica_lease, "REPLICA_LEASE",
         {.about = "A replica not heard of for this long no longer counts as having members", .min = 300});
}

}  // namespace

Settings read_settings(config::Reader& read) {
    Settings s;
    read(s.port, "PORT",
         {.about = "TCP port to listen on; 0: any free one, written to the log", .max = 65535});
    read(s.address, "ADDRESS", {.about = "Address to listen on; :: is every interface, IPv4 too"});
    read(s.admin_port, "ADMIN_PORT",
         {.about = "Port of /metrics and /rooms, on loopback only; 0: none", .max = 65535});
    config::check_admin_port(read, s.admin_port, s.port, s.address);
    read(s.threads, "THREADS", {.about = "Event loops, each on its own thread", .min = 1, .max = 256});
    read_who(read, s);
    read_what(read, s);
    read_replicas(read, s);
    s.sync = sync::read_settings(read);
    s.turn = turn::read_settings(read);
    read(s.record_file, "RECORD_FILE",
         {.about = "Write what clients do to this file, for --replay; none: do not"});
    read(s.record_content, "RECORD_CONTENT",
         {.about = "Record messages as they are; false: their kind, size and hashed rooms only"});
    read(s.ping_interval, "PING_INTERVAL",
         {.about = "Between WebSocket pings; a peer silent for two of them is cut", .min = 1000});
    read(s.close_timeout, "CLOSE_TIMEOUT", {.about = "For a peer to answer our Close frame", .min = 100});
    read(s.drain_spread, "DRAIN_SPREAD",
         {.about =
              "After SIGTERM peers are sent away over this time, 200 a second or faster, and CLOSE_TIMEOUT "
              "before DRAIN_TIMEOUT ends"});
    read(s.drain_timeout, "DRAIN_TIMEOUT", {.about = "For everything to end after SIGTERM", .min = 100});
    // The last to be told to leave still gets its time to answer.
    s.drain_spread = std::min(s.drain_spread, std::max(Duration::zero(), s.drain_timeout - s.close_timeout));
    s.sync.max_messages_per_second = s.max_messages_per_second;
    s.sync.drain_spread = s.drain_spread;
    return s;
}

}  // namespace seance::signaling
