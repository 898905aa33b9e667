#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "services/signaling/replicas/held_notes.hpp"
#include "services/signaling/replicas/link_counters.hpp"
#include "services/signaling/replicas/topic.hpp"
#include "store/valkey/pub_sub.hpp"

namespace seance::signaling {

// Messages of clients on their way to other replicas, and where they wait: for Valkey, or for the channel of
// their topic to be confirmed. Of each kind up to kMostHeld bytes.
class Outbound {
  public:
    static constexpr std::size_t kMostHeld = 4 << 20;
    using TopicsByChannel = std::unordered_map<std::string_view, SharedTopic*>;

    Outbound(valkey::PubSub& pub_sub, const TopicsByChannel& topics, LinkCounters& counters)
        : pub_sub_(pub_sub), topics_(topics), counters_(counters) {}

    bool sends_now() const { return pub_sub_.open() && !paused_; }
    void send(const std::string& channel, std::string_view note);
    void hold_for_channel(SharedTopic& topic, std::string_view note);
    void send_held(SharedTopic& topic);

    void pause(SharedTopic& topic);  // of each topic, after pause(): what it held waits for Valkey
    void pause() { paused_ = true; }
    bool paused() const { return paused_; }
    void resume();

  private:
    void hold(const std::string& channel, std::string_view note);
    std::vector<std::string> take_held(SharedTopic& topic);

    valkey::PubSub& pub_sub_;
    const TopicsByChannel& topics_;
    LinkCounters& counters_;
    HeldNotes held_{kMostHeld};
    std::size_t asked_bytes_ = 0;  // of notes that wait for their channels
    bool paused_ = true;           // Valkey was lost, or never there: who publishes meanwhile waits
};

}  // namespace seance::signaling
