#pragma once
#include "core/observe/metrics.hpp"

namespace seance::signaling {

// What is said and heard over Valkey. Of the whole process: loops add to the same ones.
struct LinkCounters {
    observe::Counter& published =
        observe::metrics().counter("seance_signaling_replica_sent_total", "Messages sent to other replicas");
    observe::Counter& received = observe::metrics().counter("seance_signaling_replica_received_total",
                                                            "Messages that came from other replicas");
    observe::Counter& dropped = observe::metrics().counter(
        "seance_signaling_dropped_total", "Messages not delivered, by reason", {{"reason", "valkey_away"}});
    observe::Gauge& open =
        observe::metrics().gauge("seance_signaling_valkey_connected", "Threads that reach Valkey now");
    observe::Gauge& replicas =
        observe::metrics().gauge("seance_signaling_replicas", "Other replicas' threads heard of now");
};

}  // namespace seance::signaling
