#include "services/signaling/sync/settings.hpp"

#include <fmt/format.h>

namespace seance::signaling::sync {

Settings read_settings(config::Reader& read) {
    Settings s;
    read(s.enabled, "SYNC",
         {.about = "Speak the y-websocket protocol under /sync/<room> and keep the documents of its rooms"});
    read(s.max_message_bytes, "SYNC_MAX_MESSAGE_BYTES",
         {.about = "Size of one message under /sync; a larger one closes its connection with 1009",
          .min = 1024,
          .max = 1 << 30});
    read(s.max_document_bytes, "SYNC_MAX_DOCUMENT_BYTES",
         {.about = "Memory of one document; who sends what would make it larger is closed with 1009",
          .min = 1024,
          .max = 1LL << 32});
    read(s.max_memory_bytes, "SYNC_MAX_MEMORY_BYTES",
         {.about = "Memory of all open documents; beyond it who opens or writes another is closed with 1013",
          .min = 1024});
    read(s.max_rooms, "SYNC_MAX_ROOMS",
         {.about = "Documents open at once; beyond it who opens another is closed with 1013",
          .min = 1,
          .max = 10'000'000});
    read(s.max_room_bytes, "SYNC_MAX_ROOM_BYTES",
         {.about = "Length of a room's name under /sync; a longer one is answered 400",
          .min = 1,
          .max = 4096});
    read(s.max_answer_bytes_per_second, "SYNC_MAX_ANSWER_BYTES_PER_SECOND",
         {.about = "What one connection under /sync is answered to its questions for the document and for "
                   "who is there, "
                   "ten seconds' worth at once; the next answer waits for more; 0: no limit",
          .max = 1LL << 40});
    read(s.directory, "SYNC_DIRECTORY",
         {.about = "Where documents are kept when there is no VALKEY_URL; none: in memory alone"});
    std::string fsync = "interval";
    read(fsync, "SYNC_FSYNC",
         {.about = "What is written to SYNC_DIRECTORY survives the death of the machine: always before it is "
                   "acknowledged, after an interval of a second, or never by our doing",
          .one_of = {"always", "interval", "never"}});
    s.fsync = fsync == "always" ? Fsync::Always : fsync == "never" ? Fsync::Never : Fsync::Interval;
    read(s.ttl, "SYNC_TTL",
         {.about = "A document that nobody has opened for this long is deleted; 0s: never",
          .max = 1000LL * 3600 * 24 * 3650});
    if (!s.directory.empty() && !s.enabled)
        read.problem(
            "SYNC_DIRECTORY is set without SYNC, and no documents are kept; set SYNC=true, or leave "
            "SYNC_DIRECTORY out");
    if (s.max_memory_bytes < s.max_document_bytes)
        read.problem(
            fmt::format("SYNC_MAX_MEMORY_BYTES is {} and has to be at least SYNC_MAX_DOCUMENT_BYTES ({})",
                        s.max_memory_bytes, s.max_document_bytes));
    return s;
}

}  // namespace seance::signaling::sync
