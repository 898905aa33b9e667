#pragma once
#include <boost/json/object.hpp>
#include <memory>
#include <string>

#include "platform/targets/railway/graphql.hpp"

namespace seance::websocket {
class WebSocket;
}

namespace seance::railway {

struct SubscriptionOptions {
    Duration connect_timeout = std::chrono::seconds(10);  // upgrade and connection_ack
    Duration ping_interval = std::chrono::seconds(30);    // a peer silent for two of them is gone
    std::size_t max_message = 32 << 20;
};

// Why a subscription ended.
struct SubscriptionEnd {
    enum class Why {
        Completed,      // the server has no more
        Lost,           // the connection ended: subscribing again may work
        Refused,        // error message, or a close code that says subscribing again will not help
        CannotConnect,  // no WebSocket to be had here: use the query instead
    };
    Why why = Why::Lost;
    Failure failure;  // not with Completed
};

// One GraphQL subscription over its own WebSocket (graphql-transport-ws), on one loop.
class SubscriptionStream {
  public:
    using Opened = boost::system::result<std::unique_ptr<SubscriptionStream>, SubscriptionEnd>;
    // Connects, introduces itself and subscribes.
    static Awaitable<Opened> open(Graphql& graphql, Document document, boost::json::object variables,
                                  SubscriptionOptions options = {});
    ~SubscriptionStream();  // closes at once

    // The `data` of the next message. One call at a time.
    using Next = boost::system::result<boost::json::object, SubscriptionEnd>;
    Awaitable<Next> next();

    // Tells the server that no more is wanted, and closes politely; next() gives Lost.
    void stop();

  private:
    class Impl;
    explicit SubscriptionStream(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

[[noreturn]] inline void throw_exception_from_error(const SubscriptionEnd& end,
                                                    const boost::source_location&) {
    throw std::runtime_error(end.failure.what);
}

// What a close code of graphql-transport-ws means, as a sentence.
std::string close_sentence(std::uint16_t code, std::string_view reason);

}  // namespace seance::railway
