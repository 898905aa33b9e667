#include "services/signaling/replicas/link.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "core/observe/log.hpp"
#include "core/runtime/wait.hpp"
#include "services/signaling/room.hpp"

namespace seance::signaling {
namespace {

using namespace std::chrono_literals;
using Kind = ReplicaNote::Kind;

// A replica that does not answer a greeting in this time is busy or gone; its members count from when it is
// heard of.
constexpr Duration kGreeting = 250ms;
constexpr Duration kLongestRetry = 1s;
// After an outage: the others' longest pause before they try again, and the time to ask for all channels.
constexpr Duration kResume = kLongestRetry + 500ms;

valkey::ClientOptions client_options() {
    valkey::ClientOptions options;
    options.ping_interval = 1s;
    options.longest_retry = kLongestRetry;
    options.max_waiting = 200'000;
    return options;
}

}  // namespace

Link::Link(Loop& loop, const Settings& settings, Presence::Node node, Owner& owner)
    : loop_(loop),
      owner_(owner),
      node_(node),
      own_note_(print_node(node)),
      prefix_(settings.channel_prefix + "topic:"),
      replicas_channel_(settings.channel_prefix + "replicas"),
      alive_(std::make_shared<Link*>(this)),
      leases_(settings.replica_lease),
      pub_sub_(loop, *settings.valkey, *this, client_options()),
      outbound_(pub_sub_, by_channel_, counters_) {
    pub_sub_.subscribe(replicas_channel_);
    asio::co_spawn(loop.executor(), beat(alive_, loop, settings.replica_lease / 3), asio::detached);
}

Link::~Link() {
    *alive_ = nullptr;
}

ReplicaNote Link::note(Kind kind) const {
    ReplicaNote note;
    note.kind = kind;
    note.sender = node_;
    return note;
}

// --- topics come and go -----------------------------------------------------------------------------------

void Link::on_size(Room& room) {
    if (!room.shared()) return join(room);
    auto& known = *room.shared();
    known.members = static_cast<std::uint32_t>(room.size());
    if (room.size() == 0) {
        room.share(nullptr);
        return leave(known);
    }
    if (known.state == State::Asked || std::exchange(known.changed, true)) return;
    changed_.push_back(room.topic());
    if (changed_.size() > 1) return;
    asio::post(loop_.executor(), [alive = alive_] {
        if (*alive) (*alive)->flush_changed();
    });
}

void Link::join(Room& room) {
    auto made = std::make_unique<Topic>();
    made->name = room.topic();
    made->channel = prefix_ + hashed_topic(room.topic());
    made->room = &room;
    made->members = static_cast<std::uint32_t>(room.size());
    made->join = ++joined_;
    auto& kept = *made;
    room.share(&kept);
    topics_.emplace(kept.name, std::move(made));
    by_channel_.emplace(kept.channel, &kept);
    if (pub_sub_.open()) unsettled_.insert(kept.join);
    pub_sub_.subscribe(kept.channel);
}

void Link::leave(Topic& topic) {
    if (topic.state == State::Asked) outbound_.send_held(topic);
    if (topic.state == State::Greeting || topic.listened) {
        if (pub_sub_.open())
            pub_sub_.publish(topic.channel, print_note(note(Kind::Members)));
        else
            left_while_away_.push_back(topic.channel);
    }
    pub_sub_.unsubscribe(topic.channel);
    settle(topic);
    by_channel_.erase(topic.channel);
    auto at = topics_.find(topic.name);
    topics_.erase(at);
}

void Link::flush_changed() {
    for (const auto& name : std::exchange(changed_, {})) {
        auto at = topics_.find(name);
        if (at != topics_.end() && std::exchange(at->second->changed, false)) tell_members(*at->second);
    }
}

// A newcomer greets, and is answered.
void Link::tell_members(Topic& topic) {
    if (topic.state == State::Ready && !topic.listened) return;
    auto now = note(Kind::Members);
    now.members = topic.members;
    pub_sub_.publish(topic.channel, print_note(now));
}

void Link::greet(Topic& topic) {
    topic.greet(Clock::now());
    auto hello = note(Kind::Hello);
    hello.members = topic.members;
    pub_sub_.publish(topic.channel, print_note(hello),
                     [alive = alive_, name = topic.name, join = topic.join](std::int64_t receivers) {
                         if (!*alive) return;
                         auto& self = **alive;
                         auto at = self.topics_.find(name);
                         if (at == self.topics_.end() || at->second->join != join) return;
                         if (at->second->greeting_reached(receivers - 1))
                             self.settle(*at->second);  // one is ours
                     });
    outbound_.send_held(topic);
}

void Link::settle(Topic& topic) {
    if (unsettled_.erase(topic.join) > 0) owner_.on_settled();
}

// --- messages ---------------------------------------------------------------------------------------------

void Link::publish(std::string_view topic, SharedTopic* known, std::string_view text) {
    if (known && known->state == State::Ready && outbound_.sends_now() && known->elsewhere.members() == 0 &&
        !known->misses_answers())
        return;
    auto publish = note(Kind::Publish);
    publish.text = text;
    auto& bytes = printed_;
    bytes.clear();
    append_note(bytes, publish);
    if (known && known->state == State::Asked && outbound_.sends_now()) {
        outbound_.hold_for_channel(*known, bytes);
        return;
    }
    if (known) return outbound_.send(known->channel, bytes);
    outbound_.send(prefix_ + hashed_topic(topic), bytes);
}

void Link::on_message(std::string_view channel, std::string_view payload) {
    // Half of what comes on a busy topic is what went.
    if (payload.substr(std::min<std::size_t>(1, payload.size())).starts_with(own_note_)) return;
    auto parsed = parse_note(payload);
    if (!parsed) return;
    bool sibling = same_process(parsed->sender, node_);  // its members and publishes come by the hub
    if (channel == replicas_channel_) {
        if (!sibling) heard_of(parsed->sender);
        if (parsed->kind == Kind::Recount && parsed->target == node_)
            for (auto& [name, topic] : topics_)
                if (topic->state != State::Asked) {
                    auto now = note(Kind::Members);
                    now.members = topic->members;
                    pub_sub_.publish(topic->channel, print_note(now));
                }
        return;
    }
    auto at = by_channel_.find(channel);
    if (at == by_channel_.end()) return;
    auto& topic = *at->second;
    if (!sibling) heard_of(parsed->sender);
    switch (parsed->kind) {
        case Kind::Publish:
            if (sibling) return;
            counters_.received.add();
            return owner_.on_remote_publish(topic, parsed->text);
        case Kind::Hello:
        case Kind::Members:
            if (!sibling) topic.elsewhere.set(parsed->sender, parsed->members);
            if (parsed->kind == Kind::Hello && topic.state != State::Asked) {
                auto answer = note(Kind::Members);
                answer.members = topic.members;
                pub_sub_.publish(topic.channel, print_note(answer));
            }
            if (topic.answered_by(parsed->sender)) settle(topic);
            return;
        case Kind::Beat:
        case Kind::Recount:
            return;
    }
}

// --- Valkey and the other replicas come and go ------------------------------------------------------------

void Link::on_open() {
    counters_.open.add(1);
    observe::log(observe::Level::Info, "replicas_reachable")
        .field("topics", static_cast<std::uint64_t>(topics_.size()));
    // Before its greeting, of one that has members again.
    for (const auto& channel : std::exchange(left_while_away_, {}))
        pub_sub_.publish(channel, print_note(note(Kind::Members)));
    // The first time nobody has lost anything: what clients have said by now waits for its channels alone.
    resume_ = Clock::now() + (resume_ == Instant{} ? Duration::zero() : kResume);
    if (resume_ <= Clock::now()) outbound_.resume();
}

void Link::on_lost() {
    counters_.open.add(-1);
    observe::log(observe::Level::Warning, "replicas_unreachable");
    outbound_.pause();
    leases_.clear();
    for (auto& [name, topic] : topics_) {
        topic->elsewhere.clear();
        topic->state = State::Asked;
        outbound_.pause(*topic);
    }
    if (!std::exchange(unsettled_, {}).empty()) owner_.on_settled();
}

void Link::on_subscribed(std::string_view channel) {
    if (channel == replicas_channel_) return tick();
    auto at = by_channel_.find(channel);
    if (at != by_channel_.end()) greet(*at->second);
}

// Who is heard of again after its lease may still have members in topics of ours. A new one says so itself.
void Link::heard_of(Presence::Node node) {
    if (!leases_.heard_of(node, Clock::now())) return;
    auto ask = note(Kind::Recount);
    ask.target = node;
    pub_sub_.publish(replicas_channel_, print_note(ask));
}

void Link::tick() {
    for (auto node : leases_.expire(Clock::now())) {
        observe::log(observe::Level::Warning, "replica_lost");
        for (auto& [name, topic] : topics_) topic->elsewhere.set(node, 0);
    }
    counters_.replicas.set(static_cast<std::int64_t>(leases_.size()));
    if (pub_sub_.open()) pub_sub_.publish(replicas_channel_, print_note(note(Kind::Beat)));
}

// Beats in time, and does what else is due: greetings that stay without answer, the end of an outage.
Awaitable<void> Link::beat(std::shared_ptr<Link*> self, Loop& loop, Duration interval) {
    Timer timer(loop.executor());
    auto next = Clock::now() + interval;
    while (*self) {
        timer.expires_after(std::min<Duration>(interval, 100ms));
        auto [error] = co_await timer.async_wait(kAwait);
        if (error || !*self) co_return;
        auto& link = **self;
        auto now = Clock::now();
        if (link.outbound_.paused() && link.pub_sub_.open() && now >= link.resume_) link.outbound_.resume();
        if (!link.unsettled_.empty())
            for (auto& [name, topic] : link.topics_)
                if (topic->give_up_greeting(now, kGreeting)) link.settle(*topic);
        if (now < next) continue;
        next = now + interval;
        link.tick();
    }
}

Awaitable<void> Link::flush() {
    co_await pub_sub_.flush();
}

}  // namespace seance::signaling
