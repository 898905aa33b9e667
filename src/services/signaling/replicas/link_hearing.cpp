#include <algorithm>
#include <array>

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

// Topics, rooms and members lie anywhere in memory: those of the next entries are on their way while one is
// delivered.
void Link::take_bundle(std::string_view entries) {
    constexpr std::size_t kAhead = 4;
    std::array<Arrived, kAhead> ring;
    std::size_t read = 0, done = 0;
    bool more = true;
    while (true) {
        while (more && read - done < kAhead) {
            auto& next = ring[read % kAhead];
            auto entry = next_entry(entries);
            if (!(more = entry.has_value())) break;
            next = {*entry, topic_of(TopicHash::of(entry->topic)), left_};
            if (next.topic) __builtin_prefetch(next.topic->room);
            ++read;
        }
        if (read == done) return;
        if (read - done > kAhead / 2)
            if (const auto& near = ring[(done + kAhead / 2) % kAhead]; near.topic && near.left == left_)
                near.topic->room->prefetch();
        auto& now = ring[done++ % kAhead];
        auto* topic = now.left == left_ ? now.topic : topic_of(TopicHash::of(now.entry.topic));
        if (!topic) continue;  // its last member here has just left
        counters_.received.add();
        owner_.on_remote_publish(*topic, now.entry.text);
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
