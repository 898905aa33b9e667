#pragma once
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/loop.hpp"
#include "services/signaling/presence.hpp"
#include "services/signaling/replicas/leases.hpp"
#include "services/signaling/replicas/link_counters.hpp"
#include "services/signaling/replicas/note.hpp"
#include "services/signaling/replicas/outbound.hpp"
#include "services/signaling/replicas/topic.hpp"
#include "services/signaling/settings.hpp"
#include "store/valkey/pub_sub.hpp"

namespace seance::signaling {

// This loop's part in what replicas share over Valkey: a channel for each topic that has a member here, one
// for all replicas, and one of its own. Others' publishes come to the owner once, its own never; members
// elsewhere are counted by what each replica says it has, and by lease: who is not heard of has none.
//
// Nothing is lost in normal operation. A publish to a topic whose channel is not confirmed yet waits for
// that, so that an answer to it finds us listening; one made while Valkey is away waits, up to
// Outbound::kMostHeld bytes, until Valkey is back and every replica has had the time to ask for its channels
// again.
class Link final : valkey::PubSub::Listener {
  public:
    class Owner {
      public:
        virtual void on_remote_publish(const SharedTopic& topic, std::string_view text) = 0;
        virtual void on_settled() = 0;  // settled() has grown

      protected:
        ~Owner() = default;
    };

    Link(Loop& loop, const Settings& settings, Presence::Node node, Owner& owner);
    ~Link();

    void on_size(Room& room);  // of members on this loop, after each change
    // `known`: what its room, if there is one here, shares.
    void publish(std::string_view topic, SharedTopic* known, std::string_view text);

    // Whoever has just joined topics is told so once settled() has reached joined(): its channels are
    // confirmed and the other replicas have said what they have. At once while Valkey is away.
    std::uint64_t joined() const { return joined_; }
    std::uint64_t settled() const { return unsettled_.empty() ? joined_ : *unsettled_.begin() - 1; }

    bool open() const { return pub_sub_.open(); }
    Awaitable<void> flush();

  private:
    // In which what is due is looked for.
    static constexpr Duration kStep = std::chrono::milliseconds(100);
    using Topic = SharedTopic;
    using State = SharedTopic::State;

    void on_open() override;
    void on_lost() override;
    void on_subscribed(std::string_view channel) override;
    void on_message(std::string_view channel, std::string_view payload) override;
    void on_refused() override { counters_.dropped.add(); }

    void join(Room& room);
    void leave(Topic& topic);
    bool greet(Topic& topic);  // false: the queue to Valkey is full
    bool tell_left();          // the same
    void say_again();
    void settle(Topic& topic);
    ReplicaNote members_note(ReplicaNote::Kind kind, const Topic& topic) const;
    void tell_members(const Topic& topic);
    void flush_changed();
    void end_turn_with_bundle();
    std::optional<Presence::Node> partner() const;
    bool answers_by_name(Presence::Node node) const;
    bool answers_us(const ReplicaNote& note) const;
    void answer(Topic& topic, Presence::Node greeter);
    struct Arrived {
        BundleEntry entry;
        SharedTopic* topic;  // null: there is none
    };
    void take_bundle(std::string_view entries);
    SharedTopic* topic_of(const std::optional<TopicHash>& hash);
    void tell_listening();
    void heard_of(Presence::Node node);
    ReplicaNote note(ReplicaNote::Kind kind) const;
    void tick();
    static Awaitable<void> beat(std::shared_ptr<Link*> self, Loop& loop, Duration interval);

    Loop& loop_;
    Owner& owner_;
    const Presence::Node node_;
    const std::string own_note_;  // how notes of ours begin, after their letter
    const ChannelNames names_;
    const std::string replicas_channel_, own_channel_;
    LinkCounters counters_;
    std::shared_ptr<Link*> alive_;  // holds nullptr once this is gone

    SharedTopics topics_;
    Leases leases_;
    std::uint64_t joined_ = 0, left_ = 0;  // topics, in all
    std::set<std::uint64_t> unsettled_;
    std::vector<TopicHash> changed_;        // told at the end of the loop's turn
    std::vector<std::string> left_untold_;  // channels whose others count members that have gone
    std::vector<std::string> early_;        // channels, confirmed before the own one
    std::string printed_;                   // of the note that is being sent
    std::vector<Arrived> arrived_;          // of the bundle that is being taken
    bool listening_ = false, turn_ends_with_bundle_ = false;
    std::set<Presence::Node> listeners_;  // that have said so
    bool tells_listening_ = false;        // to one that may not know, with the next beat()
    Instant told_listening_{};
    Instant resume_{};
    valkey::PubSub pub_sub_;
    Outbound outbound_;
};

}  // namespace seance::signaling
