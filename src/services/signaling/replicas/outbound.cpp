#include "services/signaling/replicas/outbound.hpp"

#include <utility>

namespace seance::signaling {

void Outbound::send(const std::string& channel, std::string_view note) {
    if (!sends_now()) return hold(channel, note);
    if (pub_sub_.publish(channel, note))
        counters_.published.add();
    else
        counters_.dropped.add();
}

void Outbound::hold(const std::string& channel, std::string_view note) {
    counters_.dropped.add(held_.push(channel, std::string(note)));
}

void Outbound::hold_for_channel(SharedTopic& topic, std::string_view note) {
    if (asked_bytes_ + note.size() > kMostHeld) return counters_.dropped.add();
    asked_bytes_ += note.size();
    topic.held.emplace_back(note);
}

std::vector<std::string> Outbound::take_held(SharedTopic& topic) {
    for (const auto& note : topic.held) asked_bytes_ -= note.size();
    return std::exchange(topic.held, {});
}

void Outbound::send_held(SharedTopic& topic) {
    for (const auto& waiting : take_held(topic)) send(topic.channel, waiting);
}

void Outbound::pause(SharedTopic& topic) {
    for (const auto& waiting : take_held(topic)) hold(topic.channel, waiting);
}

void Outbound::resume() {
    paused_ = false;
    for (const auto& [channel, note] : held_.take_all()) {
        auto at = topics_.find(channel);
        if (at != topics_.end() && at->second->state == SharedTopic::State::Asked)
            hold_for_channel(*at->second, note);
        else
            send(channel, note);
    }
}

}  // namespace seance::signaling
