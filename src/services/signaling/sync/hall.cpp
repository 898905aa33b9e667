#include "services/signaling/sync/hall.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <vector>

#include "core/observe/log.hpp"
#include "core/runtime/wait.hpp"
#include "services/signaling/farewell.hpp"

namespace seance::signaling::sync {
namespace {

using namespace std::chrono_literals;

namespace close_code = websocket::close_code;

constexpr Duration kFlushInterval = 1s, kSweepInterval = 1h;
// A page that is loaded anew finds its room still open.
constexpr Duration kLinger = 15s;

// Of memory, for an open room in which nothing was written, about: its keeper and what that runs, its log,
// and where it is found.
std::size_t cost_of_opening(const std::string& name) {
    return sizeof(Keeper) + 2 * name.size() + 1024;
}

observe::Counter& closed(std::string why) {
    return observe::metrics().counter("seance_signaling_sync_closed_total",
                                      "Connections under /sync that ended, by reason",
                                      {{"reason", std::move(why)}});
}

}  // namespace

Counters::Counters()
    : connections(
          observe::metrics().gauge("seance_signaling_sync_connections", "Clients connected under /sync now")),
      rooms(observe::metrics().gauge("seance_signaling_sync_rooms", "Documents open now")),
      memory(observe::metrics().gauge("seance_signaling_sync_memory_bytes",
                                      "Memory of all open documents, about")),
      opened(observe::metrics().counter("seance_signaling_sync_opened_total",
                                        "Clients that have connected under /sync")),
      refused(observe::metrics().counter(
          "seance_signaling_sync_refused_total",
          "Connections under /sync closed at once, for no more documents may be open")),
      messages(observe::metrics().counter("seance_signaling_sync_messages_total",
                                          "Messages from clients under /sync")),
      closed_by_peer(closed("peer")),
      closed_going_away(closed("draining")),
      closed_bad_message(closed("bad_message")),
      closed_too_big(closed("too_big")),
      closed_slow(closed("slow")),
      closed_policy(closed("policy")),
      closed_broken(closed("broken")) {}

Hall::Hall(Loop& loop, unsigned index, const Settings& settings, const websocket::Options& socket_options,
           std::unique_ptr<DocumentStore> store, Building& building)
    : loop_(loop),
      settings_(settings),
      index_(index),
      building_(building),
      socket_options_(socket_options),
      store_(std::move(store)),
      emptied_(loop.executor()),
      tending_(loop.executor()) {
    socket_options_.max_message = settings.max_message_bytes;
    // The answer to a step 1 is a whole document and leaves as one frame.
    socket_options_.max_queue =
        std::max(socket_options.max_queue,
                 static_cast<std::size_t>(settings.max_document_bytes + settings.max_message_bytes));
    // Of a document no part may be missing.
    socket_options_.slow_reader = websocket::SlowReader::Close;
    socket_options_.dropped = nullptr;
    building_.doors.open(index, loop.executor(), *this);
    spawn(tend());
}

// Their sockets may outlive this by handlers that are still queued, which touch only the sockets.
Hall::~Hall() {
    building_.doors.close(index_);
    peers_.clear_and_dispose([](Peer* peer) {
        peer->keeper().room().leave(*peer);
        delete peer;
    });
}

void Hall::admit(Arrival arrival) {
    websocket::TcpSocket socket(loop_.executor(), std::exchange(arrival.socket.fd, -1));
    if (!socket.is_open()) return;
    auto opened = websocket::WebSocket::make(loop_, std::move(socket), socket_options_);
    bool place = keepers_.contains(arrival.room) || has_room(For::ADocument, cost_of_opening(arrival.room));
    if (draining_ || !place) {
        opened->start(nullptr, std::move(arrival.response), std::move(arrival.leftover));
        if (draining_)
            return opened->close(close_code::kGoingAway, "the server is going away, connect again");
        counters_.refused.add();
        return opened->close(close_code::kTryAgainLater, building_.memory.has_room_for_a_document()
                                                             ? "there is no memory for more documents"
                                                             : "as many documents are open as may be");
    }
    auto keeper = keeper_of(arrival.room);
    account(*keeper);
    auto peer = std::make_unique<Peer>(*this, std::move(keeper), std::move(opened), std::move(arrival));
    peers_.push_back(*peer);
    counters_.opened.add();
    counters_.connections.add(1);
    peer.release()->start();  // gone() deletes it
}

std::shared_ptr<Keeper> Hall::keeper_of(const std::string& name) {
    auto& keeper = keepers_[name];
    if (keeper) return keeper;
    Room::Limits limits;
    limits.document = settings_.max_document_bytes;
    std::function<void(std::string_view)> spread;
    if (replicas_) spread = [this, name](std::string_view message) { replicas_->spread(name, message); };
    keeper = std::make_shared<Keeper>(loop_, name, limits, store_ ? store_->open(name) : nullptr,
                                      std::move(spread), keeper_counters_);
    keeper->on_read = [this](Keeper& k) { account(k); };
    if (replicas_) replicas_->open(name);
    counters_.rooms.add(1);
    spawn(keep(keeper));
    return keeper;
}

Awaitable<void> Hall::keep(std::shared_ptr<Keeper> keeper) {
    try {
        co_await keeper->run();
    } catch (const std::exception& error) {
        observe::log(observe::Level::Error, "sync_room_failed").field("reason", error.what());
        for (auto& peer : peers_)
            if (&peer.keeper() == keeper.get())
                peer.close(close_code::kInternalError, "the room failed, connect again");
    }
    account(*keeper, 0);
    keeper->ended = true;
    if (replicas_) replicas_->close(keeper->name());
    keepers_.erase(keeper->name());
    counters_.rooms.add(-1);
    if (keepers_.empty() && draining_) emptied_.notify();
}

// Its end, for whatever reason, leaves nothing to do: keep() deals with faults, and cancelled is only who
// goes with the loop.
void Hall::spawn(Awaitable<void> task) {
    asio::co_spawn(loop_.executor(), std::move(task), [](std::exception_ptr) {});
}

std::optional<Room::Refusal> Hall::take(Peer& from, std::string_view message) {
    counters_.messages.add();
    auto& keeper = from.keeper();
    if (!has_room(For::Bytes, message.size()))
        return Room::Refusal{close_code::kTryAgainLater, "there is no memory for more documents"};
    auto refusal = keeper.room().take(from, message, Clock::now());
    account(keeper);
    return refusal;
}

void Hall::join_replicas(const valkey::Address& address, const std::string& prefix) {
    Replicas::Owner& owner = *this;
    replicas_ = std::make_unique<Replicas>(loop_, address, prefix, owner);
}

void Hall::on_listening(const std::string& room) {
    auto at = keepers_.find(room);
    if (at == keepers_.end()) return;
    at->second->read_again();
    at->second->room().greet_elsewhere();
}

void Hall::on_more_in_log(const std::string& room) {
    if (auto at = keepers_.find(room); at != keepers_.end()) at->second->read_again();
}

void Hall::on_message(const std::string& room, std::string_view message) {
    auto at = keepers_.find(room);
    if (at == keepers_.end()) return;
    at->second->room().take_from_elsewhere(message, Clock::now());
    account(*at->second);
}

void Hall::account(Keeper& keeper) {
    if (!keeper.ended) account(keeper, cost_of_opening(keeper.name()) + keeper.room().size());
}

void Hall::account(Keeper& keeper, std::size_t size) {
    auto before = std::exchange(keeper.accounted, size);
    building_.memory.take(size);
    building_.memory.give_back(before);
    if (size > 0 && before == 0) building_.memory.opened();
    if (size == 0 && before > 0) building_.memory.closed();
    counters_.memory.add(static_cast<std::int64_t>(size) - static_cast<std::int64_t>(before));
}

void Hall::gone(Peer& peer, const websocket::Ending& ending) {
    bool refused = ending.by_us && ending.code != close_code::kGoingAway;
    observe::log(refused ? observe::Level::Info : observe::Level::Debug, "sync_peer_closed")
        .field("connection", peer.id())
        .field("code", static_cast<unsigned>(ending.code))
        .field("reason", ending.by_us ? std::string_view(ending.reason) : "");
    auto& counter = ending.code == close_code::kAbnormal        ? counters_.closed_broken
                    : !ending.by_us                             ? counters_.closed_by_peer
                    : ending.code == close_code::kGoingAway     ? counters_.closed_going_away
                    : ending.code == close_code::kTooBig        ? counters_.closed_too_big
                    : ending.code == close_code::kTryAgainLater ? counters_.closed_slow
                    : ending.code == close_code::kPolicy        ? counters_.closed_policy
                                                                : counters_.closed_bad_message;
    counter.add();
    auto& keeper = peer.keeper();
    keeper.room().leave(peer);
    keeper.last_used = Clock::now();
    account(keeper);
    peers_.erase_and_dispose(peers_.iterator_to(peer), [](Peer* p) { delete p; });
    counters_.connections.add(-1);
    if (peers_.empty() && draining_) emptied_.notify();
}

Awaitable<void> Hall::tend() {
    auto swept = Clock::now() - kSweepInterval, renewed = Clock::now();
    while (!draining_) {
        // The store is the same for all loops, so one of them sweeps.
        if (auto now = Clock::now(); store_ && index_ == 0 && now - swept >= kSweepInterval) {
            co_await store_->sweep();
            swept = now;
        }
        tending_.expires_after(kFlushInterval);
        co_await tending_.async_wait(kAwait);
        if (store_) co_await store_->flush();
        close_unused(Clock::now());
        for (auto& peer : peers_) peer.leave_if_expired();
        if (auto now = Clock::now(); settings_.ttl > Duration::zero() && now - renewed >= settings_.ttl / 4) {
            for (auto& [name, keeper] : keepers_) keeper->renew();
            renewed = now;
        }
    }
}

void Hall::close_unused(Instant now) {
    for (auto& [name, keeper] : keepers_) {
        keeper->room().forget_silent(now);
        keeper->room().answer_held();
        account(*keeper);
        if (!keeper->room().empty()) continue;
        auto unused = now - keeper->last_used;
        bool over = keeper->keeps() ? unused >= kLinger
                    : keeper->room().document().empty()
                        ? true
                        : settings_.ttl > Duration::zero() && unused >= settings_.ttl;
        if (over) keeper->close();
    }
}

// What other loops give up comes too late for whoever asks now, but not for his next try.
bool Hall::has_room(For what, std::size_t bytes) {
    if (make_room(what, bytes)) return true;
    for (unsigned other = 0; other < building_.doors.loops(); ++other) {
        if (other == index_) continue;
        building_.doors.visit(other, [what, bytes](Hall* hall) {
            if (hall) hall->make_room(what, bytes);
        });
    }
    return false;
}

bool Hall::make_room(For what, std::size_t bytes) {
    const auto& memory = building_.memory;
    auto fits = [&] {
        return memory.has_room_for(bytes) && (what == For::Bytes || memory.has_room_for_a_document());
    };
    if (fits()) return true;
    std::vector<Keeper*> unused;
    for (auto& [name, keeper] : keepers_)
        if (keeper->room().empty() && !keeper->room().has_unwritten()) unused.push_back(keeper.get());
    std::sort(unused.begin(), unused.end(), [](auto* a, auto* b) { return a->last_used < b->last_used; });
    for (auto* keeper : unused) {
        if (fits()) break;
        account(*keeper, 0);
        keeper->close();
    }
    return fits();
}

Awaitable<void> Hall::drain() {
    draining_ = true;
    co_await say_farewell(peers_, settings_.drain_spread);
    while (!peers_.empty()) co_await emptied_.wait();
    for (auto& [name, keeper] : keepers_) keeper->close_soon();
    while (!keepers_.empty()) co_await emptied_.wait();
    tending_.cancel();
}

}  // namespace seance::signaling::sync
