#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "services/signaling/replicas/bundle.hpp"
#include "services/signaling/replicas/channel_names.hpp"
#include "services/signaling/replicas/held_notes.hpp"
#include "services/signaling/replicas/link_counters.hpp"
#include "services/signaling/replicas/note.hpp"
#include "services/signaling/replicas/topic.hpp"
#include "store/valkey/pub_sub.hpp"

namespace seance::signaling {

// What goes to other replicas, in order, and where clients' messages wait: for Valkey, or for the channel of
// their topic to be confirmed. Of each kind up to kMostHeld bytes.
//
// To a node that listens on a channel of its own messages go in bundles, each of those of a turn of the loop
// up to kMostBundled: Valkey carries out one command for all of them, no topic's channel is looked for, and
// nothing comes back to the sender.
class Outbound {
  public:
    static constexpr std::size_t kMostHeld = 4 << 20;
    static constexpr std::size_t kMostBundled = 7 << 10;  // bytes: what a subscriber reads in place

    Outbound(valkey::PubSub& pub_sub, SharedTopics& topics, LinkCounters& counters, const ChannelNames& names,
             Presence::Node own)
        : pub_sub_(pub_sub), topics_(topics), counters_(counters), names_(names), own_(own) {}

    bool sends_now() const { return pub_sub_.open() && !paused_; }
    void send(const std::string& channel, std::string_view note);
    // A note of the replica's own, which is lost while Valkey is away. False: it was not taken, and owes()
    // until say_again().
    bool say(const std::string& channel, const ReplicaNote& note,
             valkey::PubSub::OnReceivers on_receivers = nullptr);

    // While it sends_now(). It leaves with send_bundle(), which is due at the end of the turn, or before
    // anything else that is sent.
    void bundle(Presence::Node to, const SharedTopic& topic, std::string_view text);
    void send_bundle();
    void hold_for_channel(SharedTopic& topic, std::string_view note);
    void send_held(SharedTopic& topic);

    void pause(SharedTopic& topic);  // of each topic, after pause(): what it held waits for Valkey
    void pause();
    bool paused() const { return paused_; }
    void resume();

    // A note of the replica's own was refused since the last of say_again(): the queue to Valkey was full.
    bool owes() const { return owes_; }
    void say_again() { owes_ = false; }

  private:
    void hold(const std::string& channel, std::string_view note);
    void hold_bundle();
    std::vector<std::string> take_held(SharedTopic& topic);

    valkey::PubSub& pub_sub_;
    SharedTopics& topics_;
    LinkCounters& counters_;
    const ChannelNames& names_;
    const Presence::Node own_;
    struct {
        Presence::Node to = 0;
        std::string channel, bytes;
        std::uint32_t messages = 0;
    } bundle_;
    HeldNotes held_{kMostHeld};
    std::size_t asked_bytes_ = 0;  // of notes that wait for their channels
    bool owes_ = false;
    bool paused_ = true;  // Valkey was lost, or never there: who publishes meanwhile waits
};

}  // namespace seance::signaling
