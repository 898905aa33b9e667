#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "core/runtime/loop.hpp"
#include "store/valkey/pub_sub.hpp"

namespace seance::signaling::sync {

// What replicas tell one another about their open rooms: a channel of Valkey for each, over which go messages
// of the room. One's own do not come back. What could not be sent while Valkey was away is not lost to the
// others: they are told to read the log once it is back.
class Replicas final : valkey::PubSub::Listener {
  public:
    class Owner {
      public:
        // What others say is heard from now on. What they wrote before is in the log.
        virtual void on_listening(const std::string& room) = 0;
        virtual void on_message(const std::string& room, std::string_view message) = 0;
        // There is more in the log: too much for a channel, or it could not be said at the time.
        virtual void on_more_in_log(const std::string& room) = 0;

      protected:
        ~Owner() = default;
    };

    Replicas(Loop& loop, const valkey::Address& address, std::string prefix, Owner& owner);

    void open(const std::string& room);
    void close(const std::string& room);
    void spread(const std::string& room, std::string_view message);

  private:
    void on_open() override;
    void on_lost() override {}
    void on_subscribed(std::string_view channel) override;
    void on_message(std::string_view channel, std::string_view payload) override;

    void tell(const std::string& channel, std::string_view payload);

    const std::string prefix_, self_;
    Owner& owner_;
    std::unordered_map<std::string, std::string> rooms_;  // by their channels
    std::unordered_set<std::string> behind_;              // channels of which others have not heard all
    valkey::PubSub pub_sub_;
};

}  // namespace seance::signaling::sync
