#include "net/http/connection_pool.hpp"

#include <algorithm>
#include <stdexcept>
#include <tuple>

#include "core/observe/log.hpp"
#include "net/stream/errors.hpp"

namespace seance::http {

namespace {

// None if its certificates cannot be read, which the log tells.
std::shared_ptr<stream::TlsClient> make_tls_client(const ClientOptions& options) {
    stream::Trust trust{.file = options.ca_file,
                        .certificates = options.ca_certificates,
                        .verify = options.verify_certificates};
    try {
        return std::make_shared<stream::TlsClient>(trust);
    } catch (const std::runtime_error& error) {
        observe::log(observe::Level::Error, "certificates_unreadable").field("problem", error.what());
        return nullptr;
    }
}

}  // namespace

struct ConnectionPool::Waiter {
    Waiter(Loop& loop)
        : turn(loop.executor()),
          deadline(
              loop.deadlines(), [](void* self) { static_cast<Waiter*>(self)->turn.notify(); }, this) {}
    Signal turn;
    Deadline deadline;
    bool granted = false;
};

// So few may hold a buffer each while they wait: a loop keeps as many spare ones.
constexpr std::size_t kFew = 64;

struct ConnectionPool::Place {
    explicit Place(Origin o)
        : origin(std::move(o)), literal(!stream::addresses_without_dns(origin.host).empty()) {}
    Origin origin;
    bool literal;                                         // never resolved, so its addresses never change
    std::vector<std::shared_ptr<ClientConnection>> idle;  // the last is the freshest
    std::size_t in_use = 0;
    bool has_few_in_use() const { return in_use <= kFew; }
    std::list<Waiter*> queue;
};

bool ConnectionPool::Less::operator()(const Origin& a, const Origin& b) const {
    return std::tie(a.port, a.tls, a.host) < std::tie(b.port, b.tls, b.host);
}

ConnectionPool::ConnectionPool(Loop& loop, ClientOptions options)
    : loop_(loop),
      options_(std::make_shared<const ClientOptions>(std::move(options))),
      resolver_(loop.executor()),
      age_check_(
          loop.deadlines(), [](void* self) { static_cast<ConnectionPool*>(self)->drop_old(); }, this),
      connects_(observe::metrics().counter("seance_http_client_connects_total", "Upstream connections made")),
      reuses_(observe::metrics().counter("seance_http_client_reuses_total",
                                         "Requests on a connection used before")),
      connect_failures_(observe::metrics().counter("seance_http_client_connect_failures_total",
                                                   "Upstream connections that could not be made")) {}

ConnectionPool::~ConnectionPool() {
    close_idle();
}

Lease& Lease::operator=(Lease&& other) noexcept {
    if (this == &other) return *this;
    release();
    pool_ = std::move(other.pool_);
    origin_ = other.origin_;
    connection_ = std::move(other.connection_);
    return *this;
}

void Lease::release() {
    if (!pool_) return;
    auto pool = std::move(pool_);
    pool->give_back(*static_cast<ConnectionPool::Place*>(origin_), std::move(connection_));
}

ConnectionPool::Place& ConnectionPool::place_of(const Origin& origin) {
    auto& found = places_[origin];
    if (!found) found = std::make_unique<Place>(origin);
    return *found;
}

// A slot that has been taken is the lease's: however this ends, it is freed.
Lease ConnectionPool::lease_of(Place& place) {
    Lease lease;
    lease.pool_ = shared_from_this();
    lease.origin_ = &place;
    return lease;
}

bool ConnectionPool::reuse(Place& place, Lease& lease) {
    auto connection = take_idle(place);
    if (!connection) return false;
    reuses_.add();
    connection->begin_exchange(place.has_few_in_use());
    lease.connection_ = std::move(connection);
    return true;
}

Lease ConnectionPool::acquire_idle(const Origin& origin) {
    Place& place = place_of(origin);
    if (place.idle.empty() || place.in_use >= options_->max_in_use) return {};
    ++place.in_use;
    auto lease = lease_of(place);
    reuse(place, lease);
    return lease;
}

Awaitable<Result<Lease>> ConnectionPool::acquire(const Origin& origin, Prefer prefer) {
    Place& place = place_of(origin);
    if (place.in_use >= options_->max_in_use) {
        if (!co_await wait_for_turn(place)) co_return error_code(ClientErrc::PoolExhausted);
    } else {
        ++place.in_use;
    }
    auto lease = lease_of(place);
    if (prefer == Prefer::Reused && reuse(place, lease)) co_return std::move(lease);
    co_return co_await connect(place, std::move(lease));
}

Awaitable<Result<Lease>> ConnectionPool::connect(Place& place, Lease lease) {
    Instant end = Clock::now() + options_->connect_timeout;
    auto failed = [this](error_code error) {
        connect_failures_.add();
        if (error == stream::Errc::NameNotFound) return error_code(ClientErrc::NameNotFound);
        if (error == stream::Errc::TlsFailed) return error_code(ClientErrc::TlsFailed);
        return error;
    };
    auto addresses = co_await resolver_.resolve(place.origin.host);
    if (!addresses) co_return failed(addresses.error());
    if (options_->ipv4_only) {
        std::erase_if(*addresses, [](const auto& address) { return !address.is_v4(); });
        if (addresses->empty()) co_return failed(ClientErrc::NoIpv4Address);
    }
    auto socket = co_await stream::connect_first(std::move(*addresses), place.origin.port, end);
    if (!socket) co_return failed(socket.error());
    std::optional<stream::Stream> made;
    if (place.origin.tls) {
        if (!tls_) tls_ = make_tls_client(*options_);
        if (!tls_) co_return failed(stream::Errc::TlsFailed);
        auto secured =
            co_await tls_->handshake(std::move(*socket), place.origin.host, place.origin.port, end);
        if (!secured) co_return failed(secured.error());
        made.emplace(std::move(*secured));
    } else {
        made.emplace(std::move(*socket));
    }
    connects_.add();
    lease.connection_ = std::make_shared<ClientConnection>(loop_, options_, std::move(*made));
    lease.connection_->begin_exchange(place.has_few_in_use());
    co_return std::move(lease);
}

// The slot of whoever finishes passes to the first in the queue, so in_use stays as it is.
Awaitable<bool> ConnectionPool::wait_for_turn(Place& place) {
    if (place.queue.size() >= options_->max_queued) co_return false;
    Waiter waiter(loop_);
    place.queue.push_back(&waiter);
    // Also when this coroutine is cancelled while it waits: a slot it was given passes on.
    struct Leave {
        ConnectionPool& pool;
        Place& place;
        Waiter& waiter;
        bool taken = false;
        ~Leave() {
            if (!waiter.granted)
                place.queue.remove(&waiter);
            else if (!taken)
                pool.free_slot(place);
        }
    } leave{*this, place, waiter};
    waiter.deadline.arm(options_->queue_timeout);
    co_await waiter.turn.wait();
    leave.taken = waiter.granted;
    co_return waiter.granted;
}

void ConnectionPool::free_slot(Place& place) {
    if (place.queue.empty()) {
        --place.in_use;
        return;
    }
    Waiter* next = place.queue.front();
    place.queue.pop_front();
    next->granted = true;
    next->deadline.disarm();
    next->turn.notify();
}

std::shared_ptr<ClientConnection> ConnectionPool::take_idle(Place& place) {
    auto now = Clock::now();
    while (!place.idle.empty()) {
        auto connection = std::move(place.idle.back());
        place.idle.pop_back();
        connection->stop_watching();
        bool fresh = now - connection->idle_since() < options_->idle_timeout &&
                     now - connection->made() < options_->max_age;
        if (fresh && (place.literal || resolver_.still_valid(place.origin.host, connection->peer())))
            return connection;
        connection->close();
    }
    return nullptr;
}

void ConnectionPool::give_back(Place& place, std::shared_ptr<ClientConnection> connection) {
    if (connection) {
        bool keep = connection->reusable() && place.idle.size() < options_->max_idle &&
                    Clock::now() - connection->made() < options_->max_age;
        connection->end_exchange();
        if (keep) {
            connection->watch_idle(on_idle_gone, weak_from_this());
            place.idle.push_back(std::move(connection));
            age_check_.arm(std::chrono::seconds(1));
        } else {
            connection->close();
        }
    }
    free_slot(place);
}

void ConnectionPool::on_idle_gone(void* pool, ClientConnection& connection) {
    for (auto& [origin, place] : static_cast<ConnectionPool*>(pool)->places_)
        std::erase_if(place->idle, [&](const auto& idle) { return idle.get() == &connection; });
}

// Connections that nobody asks for are closed in time too, not only passed over when someone asks.
void ConnectionPool::drop_old() {
    auto now = Clock::now();
    bool any = false;
    for (auto& [origin, place] : places_) {
        std::erase_if(place->idle, [&](const auto& connection) {
            bool old = now - connection->idle_since() >= options_->idle_timeout ||
                       now - connection->made() >= options_->max_age;
            if (old) {
                connection->stop_watching();
                connection->close();
            }
            return old;
        });
        any = any || !place->idle.empty();
    }
    if (any) age_check_.arm(std::chrono::seconds(1));
}

void ConnectionPool::close_idle() {
    for (auto& [origin, place] : places_) {
        for (auto& connection : place->idle) {
            connection->stop_watching();
            connection->close();
        }
        place->idle.clear();
    }
}

std::size_t ConnectionPool::idle(const Origin& origin) const {
    auto found = places_.find(origin);
    return found == places_.end() ? 0 : found->second->idle.size();
}

}  // namespace seance::http
