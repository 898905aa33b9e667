#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "store/valkey/client.hpp"

namespace seance::valkey {

// Plain channels reach every node of a cluster; sharded ones (SSUBSCRIBE) stay in the shard of their slot.
enum class Channels { Plain, Sharded };

// A connection of its own for channels, to one server, for one loop. It connects by itself and again after
// every loss, and asks for all its channels again before anything else. What is published while it is away is
// lost: the server keeps nothing.
class Subscriber {
  public:
    // Hears of it on the loop, never from inside a call. It may call subscribe() and unsubscribe(); it has to
    // outlive the subscriber.
    class Listener {
      public:
        virtual void on_connected() = 0;                           // before its first channel
        virtual void on_subscribed(std::string_view channel) = 0;  // what is published from now on comes
        // Of a channel that has been left some may still come.
        virtual void on_message(std::string_view channel, std::string_view payload) = 0;
        virtual void on_lost() = 0;  // after on_connected()
        // Sharded: the server no longer serves the channel, which is not asked for any more.
        virtual void on_moved(std::string_view) {}

      protected:
        ~Listener() = default;
    };

    Subscriber(Loop& loop, Address address, Listener& listener, Channels channels = Channels::Plain,
               ClientOptions options = {});
    ~Subscriber();
    Subscriber(const Subscriber&) = delete;
    Subscriber& operator=(const Subscriber&) = delete;

    void subscribe(std::string_view channel);
    void unsubscribe(std::string_view channel);
    bool connected() const;

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace seance::valkey
