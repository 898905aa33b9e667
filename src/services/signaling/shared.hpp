#pragma once
#include <atomic>
#include <cstdint>
#include <memory>

#include "services/signaling/hub.hpp"
#include "services/signaling/places.hpp"
#include "services/signaling/recorder.hpp"
#include "services/signaling/settings.hpp"
#include "services/signaling/sync/hall.hpp"

namespace seance::signaling {

// What the loops of one process share. Made before them and gone after them.
struct Shared {
    explicit Shared(const Settings& settings);

    Places places;
    std::unique_ptr<Hub> hub;            // with several loops
    std::unique_ptr<Recorder> recorder;  // with RECORD_FILE
    const std::uint64_t process;         // random: what replicas know it by
    std::atomic<std::uint64_t> last_connection{0};
    sync::Building documents;  // under /sync
    std::uint16_t port = 0;    // what the first loop listens on
};

}  // namespace seance::signaling
