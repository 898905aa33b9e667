#include "services/signaling/replicas/outbound.hpp"

#include <span>
#include <utility>

namespace seance::signaling {

void Outbound::send(const std::string& channel, std::string_view note) {
    if (!sends_now()) return hold(channel, note);
    send_bundles();
    if (pub_sub_.publish(channel, note))
        counters_.published.add();
    else
        counters_.dropped.add();
}

void Outbound::say(const std::string& channel, const ReplicaNote& note,
                   valkey::PubSub::OnReceivers on_receivers) {
    send_bundles();
    pub_sub_.publish(channel, print_note(note), std::move(on_receivers));
}

// --- bundles ----------------------------------------------------------------------------------------------

bool Outbound::listens(Presence::Node node) {
    auto [at, is_new] = listeners_.try_emplace(node);
    if (is_new) at->second.channel = names_.node(node);
    return is_new;
}

void Outbound::forget(Presence::Node node) {
    send_bundles();
    listeners_.erase(node);
}

bool Outbound::bundle(const SharedTopic& topic, std::string_view text) {
    Bundle* bundles[kMostNodes];
    std::size_t count = 0;
    for (const auto& share : topic.elsewhere) {
        const auto at = listeners_.find(share.node);
        if (at == listeners_.end() || count == kMostNodes) return false;
        bundles[count++] = &at->second;
    }
    for (auto* bundle : std::span(bundles, count)) add(*bundle, {names_.hash_of(topic.channel), text});
    return true;
}

void Outbound::add(Bundle& bundle, BundleEntry entry) {
    if (bundle.messages > 0 && bundle.bytes.size() + entry.topic.size() + entry.text.size() > kMostBundled)
        send(bundle);
    if (!std::exchange(bundle.is_begun, true)) begun_.push_back(&bundle);
    if (bundle.messages++ == 0) {
        ReplicaNote note;
        note.kind = ReplicaNote::Kind::Bundle;
        note.sender = own_;
        append_note(bundle.bytes, note);
    }
    append_entry(bundle.bytes, entry);
}

void Outbound::send(Bundle& bundle) {
    auto& counter = pub_sub_.publish(bundle.channel, bundle.bytes) ? counters_.published : counters_.dropped;
    counter.add(std::exchange(bundle.messages, 0));
    bundle.bytes.clear();
    if (bundle.bytes.capacity() > 2 * kMostBundled) bundle.bytes.shrink_to_fit();
}

void Outbound::send_bundles() {
    for (auto* bundle : begun_) {
        bundle->is_begun = false;
        send(*bundle);
    }
    begun_.clear();
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
    // Who listens says so anew.
    for (auto* bundle : std::exchange(begun_, {})) hold(*bundle);
    listeners_.clear();
}

void Outbound::pause(SharedTopic& topic) {
    for (const auto& waiting : take_held(topic)) hold(topic.channel, waiting);
}

void Outbound::hold(Bundle& bundle) {
    const auto note = parse_note(bundle.bytes);
    std::string_view left = note->text;
    while (auto entry = next_entry(left)) {
        ReplicaNote publish;
        publish.kind = ReplicaNote::Kind::Publish;
        publish.sender = own_;
        publish.text = entry->text;
        hold(names_.of_hash(entry->topic), print_note(publish));
    }
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
