#include "services/signaling/counters.hpp"

namespace seance::signaling {
namespace {

observe::Counter& labelled(std::string_view name, std::string_view help, std::string label,
                           std::string value) {
    return observe::metrics().counter(name, help, {{std::move(label), std::move(value)}});
}
observe::Counter& messages(std::string type) {
    return labelled("seance_signaling_messages_total", "Messages from clients, by type", "type",
                    std::move(type));
}
observe::Counter& closed(std::string why) {
    return labelled("seance_signaling_closed_total", "Connections that ended, by reason", "reason",
                    std::move(why));
}
observe::Counter& refused(std::string why) {
    return labelled("seance_signaling_refused_total", "Upgrades refused, by reason", "reason",
                    std::move(why));
}
observe::Counter& dropped(std::string why) {
    return labelled("seance_signaling_dropped_total", "Messages not delivered, by reason", "reason",
                    std::move(why));
}
observe::Histogram& fan_out_seconds() {
    static constexpr double kBounds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1};
    return observe::metrics().histogram(
        "seance_signaling_fan_out_seconds",
        "From the first publish of a turn of the loop to its deliveries being with the kernel", kBounds);
}

}  // namespace

Counters::Counters()
    : connections(observe::metrics().gauge("seance_signaling_connections", "Peers connected now")),
      rooms(observe::metrics().gauge("seance_signaling_rooms",
                                     "Topics with a subscriber now, counted on each thread")),
      backlog(observe::metrics().gauge("seance_signaling_backlog_bytes", "Waiting for slow readers now")),
      opened(observe::metrics().counter("seance_signaling_opened_total", "Peers that have connected")),
      bytes_in(observe::metrics().counter("seance_signaling_message_bytes_total",
                                          "Bytes of messages from clients")),
      refused_full(refused("full")),
      refused_address(refused("address_full")),
      refused_draining(refused("draining")),
      refused_origin(refused("origin")),
      refused_token(refused("token")),
      subscribes(messages("subscribe")),
      unsubscribes(messages("unsubscribe")),
      publishes(messages("publish")),
      pings(messages("ping")),
      ignored(messages("other")),
      deliveries(observe::metrics().counter("seance_signaling_deliveries_total",
                                            "Messages relayed to a subscriber")),
      closed_by_peer(closed("peer")),
      closed_going_away(closed("draining")),
      closed_bad_message(closed("bad_message")),
      closed_too_big(closed("too_big")),
      closed_slow(closed("slow")),
      closed_policy(closed("policy")),
      closed_broken(closed("broken")),
      dropped_slow(dropped("slow_reader")),
      dropped_read_only(dropped("read_only")),
      dropped_no_token(dropped("no_token")),
      fan_out(fan_out_seconds()) {}

}  // namespace seance::signaling
