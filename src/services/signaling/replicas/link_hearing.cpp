#include <algorithm>

#include "services/signaling/replicas/link.hpp"
#include "services/signaling/room.hpp"

// What a link hears from other replicas. What it says, and when, is in link.cpp.
namespace seance::signaling {

using Kind = ReplicaNote::Kind;

void Link::on_message(std::string_view channel, std::string_view payload) {
    // Half of what comes on a busy topic is what went.
    if (payload.substr(std::min<std::size_t>(1, payload.size())).starts_with(own_note_)) return;
    auto parsed = parse_note(payload);
    if (!parsed) return;
    bool sibling = same_process(parsed->sender, node_);  // its members and publishes come by the hub
    if (parsed->kind == Kind::Bundle) {
        heard_of(parsed->sender);
        return take_bundle(parsed->text);
    }
    if (channel == replicas_channel_) {
        if (!sibling) heard_of(parsed->sender);
        if (parsed->kind == Kind::Listens && !sibling && listeners_.insert(parsed->sender).second) {
            // It may have come later than we said so. Many that come at once are told together.
            tells_listening_ = true;
            if (Clock::now() - told_listening_ > kStep) tell_listening();
        }
        if (parsed->kind == Kind::Recount && parsed->target == node_)
            for (const auto& [hash, topic] : topics_)
                if (topic.state != State::Asked)
                    outbound_.say(topic.channel, members_note(Kind::Members, topic));
        return;
    }
    auto* known = topic_of(names_.hash_of(channel));
    if (!known) return;
    auto& topic = *known;
    if (!sibling) heard_of(parsed->sender);
    switch (parsed->kind) {
        case Kind::Publish:
            if (sibling) return;
            counters_.received.add();
            return owner_.on_remote_publish(topic, parsed->text);
        case Kind::Hello:
        case Kind::Members:
        case Kind::Answer:
            if (!sibling) topic.elsewhere.set(parsed->sender, parsed->members);
            topic.listened = true;
            if (parsed->kind == Kind::Hello) answer(topic, parsed->sender);
            if (answers_us(*parsed) && topic.answered_by(parsed->sender)) settle(topic);
            return;
        case Kind::Beat:
        case Kind::Recount:
        case Kind::Listens:
        case Kind::Bundle:
            return;
    }
}

bool Link::answers_by_name(Presence::Node node) const {
    return same_process(node, node_) || listeners_.contains(node);
}

// What else it says of its members may have been said before it heard our greeting, or to another. One of an
// earlier version says no more.
bool Link::answers_us(const ReplicaNote& note) const {
    return note.kind == Kind::Answer ? note.target == node_ : !answers_by_name(note.sender);
}

void Link::answer(Topic& topic, Presence::Node greeter) {
    const bool by_name = answers_by_name(greeter);
    if (!by_name && topic.state == State::Asked) return;  // our own Hello is its answer
    auto answer = members_note(by_name ? Kind::Answer : Kind::Members, topic);
    answer.target = greeter;
    outbound_.say(topic.channel, answer);
}

// Rooms and members lie anywhere in memory: all rooms of a bundle are on their way before the first is
// delivered to, and the members of one while that before it is.
void Link::take_bundle(std::string_view entries) {
    arrived_.clear();
    while (auto entry = next_entry(entries)) {
        arrived_.push_back({*entry, topic_of(TopicHash::of(entry->topic))});
        if (arrived_.back().topic) __builtin_prefetch(arrived_.back().topic->room);
    }
    const auto left = left_;
    for (std::size_t i = 0; i < arrived_.size(); ++i) {
        if (i + 1 < arrived_.size() && arrived_[i + 1].topic && left == left_)
            arrived_[i + 1].topic->room->prefetch();
        auto [entry, topic] = arrived_[i];
        if (left != left_) topic = topic_of(TopicHash::of(entry.topic));
        if (!topic) continue;  // its last member here has just left
        counters_.received.add();
        owner_.on_remote_publish(*topic, entry.text);
    }
}

SharedTopic* Link::topic_of(const std::optional<TopicHash>& hash) {
    if (!hash) return nullptr;
    auto at = topics_.find(*hash);
    return at == topics_.end() ? nullptr : &at->second;
}

// Who is heard of again after its lease may still have members in topics of ours. A new one says so itself.
void Link::heard_of(Presence::Node node) {
    if (!leases_.heard_of(node, Clock::now())) return;
    auto ask = note(Kind::Recount);
    ask.target = node;
    outbound_.say(replicas_channel_, ask);
}

}  // namespace seance::signaling
