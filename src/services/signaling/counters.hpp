#pragma once
#include "core/observe/metrics.hpp"

namespace seance::signaling {

// Of the whole process: loops add to the same ones.
struct Counters {
    Counters();
    observe::Gauge &connections, &rooms, &backlog;
    observe::Counter &opened, &bytes_in;
    observe::Counter &refused_full, &refused_address, &refused_draining, &refused_origin, &refused_token;
    observe::Counter &subscribes, &unsubscribes, &publishes, &pings, &ignored, &deliveries;
    observe::Counter &closed_by_peer, &closed_going_away, &closed_bad_message, &closed_too_big, &closed_slow,
        &closed_policy, &closed_broken;
    observe::Counter &dropped_slow, &dropped_read_only, &dropped_no_token;
    observe::Histogram& fan_out;
};

}  // namespace seance::signaling
