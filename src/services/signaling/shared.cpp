#include "services/signaling/shared.hpp"

#include <algorithm>
#include <cstring>

#include "core/base/id.hpp"
#include "core/runtime/open_files.hpp"

namespace seance::signaling {
namespace {

// Listeners, Valkey, the log, requests that are no peers.
constexpr std::uint64_t kOtherFiles = 300;

std::uint64_t random_process() {
    auto bytes = random_bytes(7);
    std::uint64_t id = 0;
    std::memcpy(&id, bytes.data(), bytes.size());
    return id;
}

// A peer that comes when no file is left would wait unaccepted; it is better told so with a 503. Each open
// document's log is a file as well; of few files half are for those.
std::uint64_t usable_connections(const Settings& settings) {
    bool logs = settings.sync.enabled && !settings.valkey && !settings.sync.directory.empty();
    auto for_logs = logs ? settings.sync.max_rooms : 0;
    auto files = allow_open_files(settings.max_connections + for_logs + kOtherFiles);
    auto others = std::min(for_logs, files / 2) + kOtherFiles;
    return std::min(settings.max_connections, files > others ? files - others : 1);
}

}  // namespace

Shared::Shared(const Settings& settings)
    : places(usable_connections(settings), settings.max_connections_per_ip),
      hub(settings.threads > 1 ? std::make_unique<Hub>(settings.threads) : nullptr),
      recorder(settings.record_file.empty()
                   ? nullptr
                   : std::make_unique<Recorder>(settings.record_file, settings.record_content)),
      process(random_process()),
      documents(settings.sync, settings.threads) {}

}  // namespace seance::signaling
