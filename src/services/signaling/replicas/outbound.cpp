#include "services/signaling/replicas/outbound.hpp"

#include <utility>

namespace seance::signaling {

void Outbound::send(const std::string& channel, std::string_view note) {
    if (!sends_now()) return hold(channel, note);
    send_bundle();
    if (pub_sub_.publish(channel, note))
        counters_.published.add();
    else
        counters_.dropped.add();
}

bool Outbound::say(const std::string& channel, const ReplicaNote& note,
                   valkey::PubSub::OnReceivers on_receivers) {
    send_bundle();
    const bool taken = pub_sub_.publish(channel, print_note(note), std::move(on_receivers));
    if (!taken && pub_sub_.open()) owes_ = true;
    return taken;
}

// --- bundles ----------------------------------------------------------------------------------------------

void Outbound::bundle(Presence::Node to, const SharedTopic& topic, std::string_view text) {
    const BundleEntry entry{topic.hash.text(), text};
    if (to != bundle_.to || bundle_.bytes.size() + entry.topic.size() + text.size() > kMostBundled)
        send_bundle();
    if (to != bundle_.to) {
        bundle_.to = to;
        bundle_.channel = names_.node(to);
    }
    if (bundle_.messages++ == 0) {
        ReplicaNote note;
        note.kind = ReplicaNote::Kind::Bundle;
        note.sender = own_;
        append_note(bundle_.bytes, note);
    }
    append_entry(bundle_.bytes, entry);
}

void Outbound::send_bundle() {
    if (bundle_.messages == 0) return;
    const bool taken = pub_sub_.publish(bundle_.channel, bundle_.bytes);
    (taken ? counters_.published : counters_.dropped).add(std::exchange(bundle_.messages, 0));
    bundle_.bytes.clear();
    if (bundle_.bytes.capacity() > 2 * kMostBundled) bundle_.bytes.shrink_to_fit();
}

// --- waiting ----------------------------------------------------------------------------------------------

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

void Outbound::pause() {
    paused_ = true;
    hold_bundle();
}

void Outbound::pause(SharedTopic& topic) {
    for (const auto& waiting : take_held(topic)) hold(topic.channel, waiting);
}

// Each over its topic's channel then.
void Outbound::hold_bundle() {
    const auto note = parse_note(bundle_.bytes);
    std::string_view left = note ? note->text : std::string_view{};
    while (auto entry = next_entry(left)) {
        ReplicaNote publish;
        publish.kind = ReplicaNote::Kind::Publish;
        publish.sender = own_;
        publish.text = entry->text;
        hold(names_.of_hash(entry->topic), print_note(publish));
    }
    bundle_.bytes.clear();
    bundle_.messages = 0;
}

void Outbound::resume() {
    paused_ = false;
    for (const auto& [channel, note] : held_.take_all()) {
        const auto hash = names_.hash_of(channel);
        auto at = hash ? topics_.find(*hash) : topics_.end();
        if (at != topics_.end() && at->second.state == SharedTopic::State::Asked)
            hold_for_channel(at->second, note);
        else
            send(channel, note);
    }
}

}  // namespace seance::signaling
