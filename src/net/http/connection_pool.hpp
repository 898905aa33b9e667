#pragma once
#include <list>
#include <map>
#include <memory>

#include "core/observe/metrics.hpp"
#include "core/runtime/signal.hpp"
#include "net/http/client_connection.hpp"
#include "net/stream/connect.hpp"

namespace seance::http {

class ConnectionPool;

// A connection in use by one exchange. Dropping it gives the connection back if its response was read to the
// end and both sides keep it, else closes it.
class Lease {
  public:
    Lease() = default;
    Lease(Lease&& other) noexcept
        : pool_(std::move(other.pool_)), origin_(other.origin_), connection_(std::move(other.connection_)) {}
    Lease& operator=(Lease&& other) noexcept;
    ~Lease() { release(); }

    ClientConnection* operator->() const { return connection_.get(); }
    ClientConnection& operator*() const { return *connection_; }
    explicit operator bool() const { return connection_ != nullptr; }
    void release();

  private:
    friend class ConnectionPool;
    std::shared_ptr<ConnectionPool> pool_;
    void* origin_ = nullptr;
    std::shared_ptr<ClientConnection> connection_;
};

// Upstream connections of one loop, per origin: last in, first out; limits and ages of ClientOptions. An idle
// connection that becomes readable is closed at once.
class ConnectionPool : public std::enable_shared_from_this<ConnectionPool> {
  public:
    ConnectionPool(Loop& loop, ClientOptions options);
    ~ConnectionPool();

    // A connection for one exchange, already begun. Waits in the origin's queue when too many are in use.
    // Errors: ClientErrc::{NameNotFound, TlsFailed, PoolExhausted}, timed_out, and what connect gives.
    enum class Prefer { Reused, Fresh };
    Awaitable<Result<Lease>> acquire(const Origin& origin, Prefer prefer = Prefer::Reused);
    // The same of an idle connection, without waiting; an empty lease if there is none.
    Lease acquire_idle(const Origin& origin);

    void close_idle();
    std::size_t idle(const Origin& origin) const;
    stream::Resolver& resolver() { return resolver_; }
    Loop& loop() { return loop_; }

  private:
    friend class Lease;
    struct Place;  // one origin's connections and queue
    struct Waiter;
    struct Less {
        bool operator()(const Origin& a, const Origin& b) const;
    };

    Place& place_of(const Origin& origin);
    Lease lease_of(Place& place);
    bool reuse(Place& place, Lease& lease);
    Awaitable<Result<Lease>> connect(Place& place, Lease lease);
    Awaitable<bool> wait_for_turn(Place& place);
    std::shared_ptr<ClientConnection> take_idle(Place& place);
    void give_back(Place& place, std::shared_ptr<ClientConnection> connection);
    void free_slot(Place& place);
    static void on_idle_gone(void* pool, ClientConnection& connection);
    void drop_old();

    Loop& loop_;
    std::shared_ptr<const ClientOptions> options_;
    stream::Resolver resolver_;
    std::shared_ptr<stream::TlsClient>
        tls_;  // made with the first TLS origin: reading certificates takes a while
    std::map<Origin, std::unique_ptr<Place>, Less> places_;
    Deadline age_check_;
    observe::Counter &connects_, &reuses_, &connect_failures_;
};

}  // namespace seance::http
