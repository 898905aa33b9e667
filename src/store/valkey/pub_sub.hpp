#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "store/valkey/address.hpp"
#include "store/valkey/client.hpp"

namespace seance::valkey {

// Channels of a server or of a cluster, which is found out. On a server: a connection to publish and one to
// listen. In a cluster: two to each of its masters, and sharded channels, each on the master of its slot.
class PubSub {
  public:
    // Hears of it on the loop, never from inside a call; has to outlive the PubSub.
    class Listener {
      public:
        virtual void on_open() = 0;  // all connections are there; channels are being asked for again
        virtual void on_subscribed(std::string_view channel) = 0;  // after each on_open(), for each channel
        // Of a channel that has been left some may still come.
        virtual void on_message(std::string_view channel, std::string_view payload) = 0;
        virtual void on_lost() = 0;   // after on_open(); what is published meanwhile may be lost
        virtual void on_refused() {}  // the server did not carry out a publish; not of each, see publish()

      protected:
        ~Listener() = default;
    };

    PubSub(Loop& loop, Address address, Listener& listener, ClientOptions options = {});
    ~PubSub();
    PubSub(const PubSub&) = delete;
    PubSub& operator=(const PubSub&) = delete;

    bool open() const;
    bool is_cluster() const;  // once open()
    void subscribe(std::string_view channel);
    void unsubscribe(std::string_view channel);

    // Queued and sent with others. `receivers`: the connections that it reached, -1 if that is not known to
    // have happened. False: not taken, for the server is away or its queue full. Who does not ask for
    // receivers spares a server its answer; that it refuses is noticed by one in a tenth of a second, and
    // then of each.
    using OnReceivers = std::function<void(std::int64_t receivers)>;
    bool publish(std::string_view channel, std::string_view payload, OnReceivers on_receivers = nullptr);

    Awaitable<void> flush();  // until what was published has been answered, or a deadline

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace seance::valkey
