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
      names_(settings.channel_prefix),
      replicas_channel_(names_.replicas()),
      own_channel_(names_.node(node)),
      alive_(std::make_shared<Link*>(this)),
      leases_(settings.replica_lease),
      pub_sub_(loop, *settings.valkey, *this, client_options()),
      outbound_(pub_sub_, topics_, counters_, names_, node) {
    pub_sub_.subscribe(replicas_channel_);
    pub_sub_.subscribe(own_channel_);
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
    if (!room.shared()) return room.size() > 0 ? join(room) : void();
    auto& known = *room.shared();
    known.members = static_cast<std::uint32_t>(room.size());
    if (room.size() == 0) {
        room.share(nullptr);
        return leave(known);
    }
    if (known.state == State::Asked || std::exchange(known.changed, true)) return;
    changed_.push_back(known.hash);
    if (changed_.size() > 1) return;
    asio::post(loop_.executor(), [alive = alive_] {
        if (*alive) (*alive)->flush_changed();
    });
}

void Link::join(Room& room) {
    auto channel = names_.topic(room.topic());
    const auto hash = names_.hash_of(channel).value();
    auto [at, is_new] = topics_.try_emplace(hash);
    if (!is_new) return;  // two topics of one hash, which nobody has seen: the second is not shared
    auto& topic = at->second;
    topic.hash = hash;
    topic.channel = std::move(channel);
    topic.room = &room;
    topic.members = static_cast<std::uint32_t>(room.size());
    topic.join = ++joined_;
    room.share(&topic);
    if (pub_sub_.open()) unsettled_.insert(topic.join);
    pub_sub_.subscribe(topic.channel);
}

void Link::leave(Topic& topic) {
    if (topic.state == State::Asked) outbound_.send_held(topic);
    if (topic.state == State::Greeting || topic.listened) {
        if (!pub_sub_.open() || !outbound_.say(topic.channel, note(Kind::Members)))
            left_untold_.push_back(topic.channel);
    }
    ++left_;
    std::erase(early_, topic.channel);
    pub_sub_.unsubscribe(topic.channel);
    settle(topic);
    const auto hash = topic.hash;
    topics_.erase(hash);
}

void Link::flush_changed() {
    for (const auto& hash : std::exchange(changed_, {}))
        if (auto* topic = topic_of(hash); topic && std::exchange(topic->changed, false)) tell_members(*topic);
}

ReplicaNote Link::members_note(Kind kind, const Topic& topic) const {
    auto now = note(kind);
    now.members = topic.members;
    return now;
}

// A newcomer greets, and is answered.
void Link::tell_members(const Topic& topic) {
    if (topic.state == State::Ready && !topic.listened) return;
    outbound_.say(topic.channel, members_note(Kind::Members, topic));
}

bool Link::greet(Topic& topic) {
    topic.greet(Clock::now());
    const bool taken =
        outbound_.say(topic.channel, members_note(Kind::Hello, topic),
                      [alive = alive_, hash = topic.hash, join = topic.join](std::int64_t receivers) {
                          if (!*alive) return;
                          auto& self = **alive;
                          auto* greeted = self.topic_of(hash);
                          if (!greeted || greeted->join != join) return;
                          if (greeted->greeting_reached(receivers - 1)) self.settle(*greeted);  // one is ours
                      });
    outbound_.send_held(topic);
    return taken;
}

bool Link::tell_left() {
    for (; !left_untold_.empty(); left_untold_.pop_back())
        if (!outbound_.say(left_untold_.back(), note(Kind::Members))) return false;
    return true;
}

// The queue to Valkey was full, and something of ours was not said: greetings say and ask all of it.
void Link::say_again() {
    outbound_.say_again();
    if (!tell_left()) return;
    for (auto& [hash, topic] : topics_)
        if (topic.state != State::Asked && !greet(topic)) return;
}

void Link::settle(Topic& topic) {
    if (unsettled_.erase(topic.join) > 0) owner_.on_settled();
}

// --- messages ---------------------------------------------------------------------------------------------

void Link::publish(std::string_view topic, SharedTopic* known, std::string_view text) {
    if (known && known->state == State::Ready && outbound_.sends_now() && !known->misses_answers()) {
        if (known->elsewhere.members() == 0) return;
        if (auto other = partner()) {
            outbound_.bundle(*other, *known, text);
            return end_turn_with_bundle();
        }
    }
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
    outbound_.send(names_.topic(topic), bytes);
}

// Of two replicas with a thread each: the other one. With more a message goes over the topic's channel, which
// whoever has just come listens to before it is heard of.
std::optional<Presence::Node> Link::partner() const {
    const auto only = leases_.only();
    // The nodes of a cluster keep no order between one channel and another.
    return only && listeners_.contains(*only) && !pub_sub_.is_cluster() ? only : std::nullopt;
}

void Link::end_turn_with_bundle() {
    if (std::exchange(turn_ends_with_bundle_, true)) return;
    asio::post(loop_.executor(), [alive = alive_] {
        if (!*alive) return;
        auto& self = **alive;
        self.turn_ends_with_bundle_ = false;
        self.outbound_.send_bundle();
    });
}

// --- Valkey and the other replicas come and go ------------------------------------------------------------

void Link::on_open() {
    counters_.open.add(1);
    observe::log(observe::Level::Info, "replicas_reachable")
        .field("topics", static_cast<std::uint64_t>(topics_.size()));
    // Before its greeting, of one that has members again.
    tell_left();
    // The first time nobody has lost anything: what clients have said by now waits for its channels alone.
    resume_ = Clock::now() + (resume_ == Instant{} ? Duration::zero() : kResume);
    if (resume_ <= Clock::now()) outbound_.resume();
}

void Link::on_lost() {
    counters_.open.add(-1);
    observe::log(observe::Level::Warning, "replicas_unreachable");
    outbound_.pause();
    leases_.clear();
    listening_ = false;
    listeners_.clear();
    early_.clear();
    for (auto& [hash, topic] : topics_) {
        topic.elsewhere.clear();
        topic.state = State::Asked;
        outbound_.pause(topic);
    }
    if (!std::exchange(unsettled_, {}).empty()) owner_.on_settled();
}

void Link::on_subscribed(std::string_view channel) {
    if (channel == replicas_channel_) return tick();
    if (channel == own_channel_) {
        listening_ = true;
        tell_listening();
        for (const auto& waiting : std::exchange(early_, {})) on_subscribed(waiting);
        return;
    }
    auto* topic = topic_of(names_.hash_of(channel));
    if (!topic) return;
    // Who greets may be sent to on its own channel from then on.
    if (!listening_) return early_.emplace_back(channel), void();
    greet(*topic);
}

void Link::tell_listening() {
    tells_listening_ = false;
    if (!listening_) return;
    told_listening_ = Clock::now();
    outbound_.say(replicas_channel_, note(Kind::Listens));
}

void Link::tick() {
    for (auto node : leases_.expire(Clock::now())) {
        observe::log(observe::Level::Warning, "replica_lost");
        listeners_.erase(node);
        for (auto& [hash, topic] : topics_) topic.elsewhere.set(node, 0);
    }
    counters_.replicas.set(static_cast<std::int64_t>(leases_.size()));
    if (!pub_sub_.open()) return;
    outbound_.say(replicas_channel_, note(Kind::Beat));
    tell_listening();
}

// Beats in time, and does what else is due: greetings that stay without answer, the end of an outage.
Awaitable<void> Link::beat(std::shared_ptr<Link*> self, Loop& loop, Duration interval) {
    Timer timer(loop.executor());
    auto next = Clock::now() + interval;
    while (*self) {
        timer.expires_after(std::min(interval, kStep));
        auto [error] = co_await timer.async_wait(kAwait);
        if (error || !*self) co_return;
        auto& link = **self;
        auto now = Clock::now();
        if (link.outbound_.paused() && link.pub_sub_.open() && now >= link.resume_) link.outbound_.resume();
        if (link.tells_listening_) link.tell_listening();
        if (link.outbound_.owes() && link.pub_sub_.open()) link.say_again();
        if (!link.unsettled_.empty())
            for (auto& [hash, topic] : link.topics_)
                if (topic.give_up_greeting(now, kGreeting)) link.settle(topic);
        if (now < next) continue;
        next = now + interval;
        link.tick();
    }
}

Awaitable<void> Link::flush() {
    outbound_.send_bundle();
    co_await pub_sub_.flush();
}

}  // namespace seance::signaling
