#include "services/signaling/idle_settings.hpp"

#include "core/observe/log.hpp"

namespace seance::signaling {

std::vector<Idle> find_idle(const config::Sources& sources, const Settings& settings) {
    const auto& sync = settings.sync;
    const struct {
        std::string_view needs;
        bool given;
        std::vector<const char*> names;
    } groups[] = {
        {"SYNC",
         sync.enabled,
         {"SYNC_MAX_MESSAGE_BYTES", "SYNC_MAX_DOCUMENT_BYTES", "SYNC_MAX_MEMORY_BYTES", "SYNC_MAX_ROOMS",
          "SYNC_MAX_ROOM_BYTES", "SYNC_MAX_ANSWER_BYTES_PER_SECOND", "SYNC_FSYNC", "SYNC_TTL"}},
        {"SYNC_DIRECTORY", !sync.enabled || !sync.directory.empty(), {"SYNC_FSYNC"}},
        {"VALKEY_URL", settings.valkey.has_value(), {"VALKEY_CHANNEL_PREFIX", "REPLICA_LEASE"}},
        {"TURN_URLS", settings.turn.enabled(), {"TURN_TTL", "TURN_MAX_PER_MINUTE"}},
        {"COMPRESSION", settings.compression, {"COMPRESS_FROM_BYTES"}},
        {"RECORD_FILE", !settings.record_file.empty() || !settings.record_content, {"RECORD_CONTENT"}},
    };
    std::vector<Idle> found;
    for (const auto& group : groups)
        for (const auto* name : group.names)
            if (auto at = sources.find(name); !group.given && at != sources.end() && !at->second.empty())
                found.push_back({name, group.needs});
    return found;
}

void warn_of_idle(const std::vector<Idle>& found) {
    for (const auto& [name, needs] : found)
        observe::log(observe::Level::Warning, "setting_without_effect")
            .field("name", name)
            .field("needs", needs);
}

}  // namespace seance::signaling
