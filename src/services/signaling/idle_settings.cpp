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
        {"SYNC_DIRECTORY", !sync.enabled || settings.valkey || !sync.directory.empty(), {"SYNC_FSYNC"}},
        {"VALKEY_URL", settings.valkey.has_value(), {"VALKEY_CHANNEL_PREFIX", "REPLICA_LEASE"}},
        {"TURN_URLS", settings.turn.enabled(), {"TURN_TTL", "TURN_MAX_PER_MINUTE"}},
        {"COMPRESSION", settings.compression, {"COMPRESS_FROM_BYTES"}},
        {"RECORD_FILE", !settings.record_file.empty() || !settings.record_content, {"RECORD_CONTENT"}},
    };
    auto is_set = [&](const char* name) {
        auto at = sources.find(name);
        return at != sources.end() && !at->second.empty();
    };
    std::vector<Idle> found;
    for (const auto& group : groups)
        for (const auto* name : group.names)
            if (!group.given && is_set(name)) found.push_back({name, group.needs, {}});
    // What is in the folder stays there and is not seen any more.
    if (sync.enabled && settings.valkey)
        for (const auto* name : {"SYNC_DIRECTORY", "SYNC_FSYNC"})
            if (is_set(name)) found.push_back({name, {}, "VALKEY_URL"});
    return found;
}

void warn_of_idle(const std::vector<Idle>& found) {
    for (const auto& [name, needs, overruled_by] : found)
        observe::log(observe::Level::Warning, "setting_without_effect")
            .field("name", name)
            .field(needs.empty() ? "overruled_by" : "needs", needs.empty() ? overruled_by : needs);
}

}  // namespace seance::signaling
