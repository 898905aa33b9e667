#pragma once
#include <boost/intrusive/list.hpp>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/observe/metrics.hpp"
#include "core/runtime/signal.hpp"
#include "services/signaling/sync/memory.hpp"
#include "services/signaling/sync/peer.hpp"
#include "services/signaling/sync/replicas.hpp"
#include "services/signaling/sync/settings.hpp"

namespace seance::signaling::sync {

// Of the whole process.
struct Counters {
    Counters();
    observe::Gauge &connections, &rooms, &memory;
    observe::Counter &opened, &refused, &messages, &closed_by_peer, &closed_going_away, &closed_bad_message,
        &closed_too_big, &closed_slow, &closed_policy, &closed_broken;
};

// What the halls of all loops share.
struct Building {
    Building(const Settings& settings, unsigned loops)
        : doors(loops), memory(settings.max_memory_bytes, settings.max_rooms) {}
    Doors doors;
    Memory memory;
};

// The open rooms of one loop and everybody in them. Each loop has one, and each room is in one.
class Hall final : Replicas::Owner {
  public:
    // `store` may be empty: documents are then kept in memory alone, for SYNC_TTL or until memory runs short.
    // `index` is the loop's.
    Hall(Loop& loop, unsigned index, const Settings& settings, const websocket::Options& socket_options,
         std::unique_ptr<DocumentStore> store, Building& building);
    // There are other replicas, with the same store. Before anybody is admitted.
    void join_replicas(const valkey::Address& address, const std::string& prefix);
    ~Hall();

    void admit(Arrival arrival);
    Awaitable<void>
    drain();  // 1001 to everybody, over DRAIN_SPREAD; until all are gone and everything is written

    template <class Visit>  // void(const std::string& name, const Room&)
    void each_room(Visit visit) const {
        for (const auto& [name, keeper] : keepers_) visit(name, keeper->room());
    }

    // Gives up rooms of this loop that nobody is in until there is room, those of longest ago first. What
    // they hold is in the store if there is one.
    enum class For { ADocument, Bytes };
    bool make_room(For what, std::size_t bytes);

    // For peers.
    const Settings& settings() const { return settings_; }
    std::optional<Room::Refusal> take(Peer& from, std::string_view message);
    void gone(Peer& peer, const websocket::Ending& ending);

  private:
    std::shared_ptr<Keeper> keeper_of(const std::string& room);
    Awaitable<void> keep(std::shared_ptr<Keeper> keeper);
    Awaitable<void> tend();
    void spawn(Awaitable<void> task);
    void close_unused(Instant now);
    bool has_room(For what, std::size_t bytes);
    void account(Keeper& keeper);
    void account(Keeper& keeper, std::size_t size);
    void on_listening(const std::string& room) override;
    void on_message(const std::string& room, std::string_view message) override;
    void on_more_in_log(const std::string& room) override;

    Loop& loop_;
    const Settings& settings_;
    const unsigned index_;
    Building& building_;
    websocket::Options socket_options_;
    std::unique_ptr<DocumentStore> store_;
    Counters counters_;
    KeeperCounters keeper_counters_;
    std::unordered_map<std::string, std::shared_ptr<Keeper>> keepers_;
    boost::intrusive::list<Peer> peers_;
    bool draining_ = false;
    Signal emptied_;
    Timer tending_;
    std::unique_ptr<Replicas> replicas_;  // empty: there is only this one
};

}  // namespace seance::signaling::sync
