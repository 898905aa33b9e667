#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "services/litellm/domain/model_table.hpp"
#include "services/litellm/handlers/upstream_clients.hpp"

namespace seance::litellm {

// What a person should know of at once.
struct Alert {
    std::string_view kind;  // kBudgetAlerts or kCooldownAlerts
    std::string subject;    // of the same one nothing more is said for an hour, by the whole process
    std::string text;       // no prompt, no key
};

// Tells Slack, or who takes its webhooks. One loop's: a bounded queue, one message after the other, and the
// log says what could not be sent. Never waits in the way of a call.
class Alerts : public std::enable_shared_from_this<Alerts> {
  public:
    Alerts(Loop& loop, UpstreamClients& clients) : loop_(loop), clients_(clients) {}

    void tell(const Config& config, Alert alert);
    Awaitable<void> drain();  // a moment for what waits; then it is dropped

  private:
    struct Message {
        std::string kind, text;
        SecretText url;
        SharedLink link;
    };
    static Awaitable<void> send_all(std::shared_ptr<Alerts> self);
    Awaitable<void> send(const Message& message);

    Loop& loop_;
    UpstreamClients& clients_;
    std::deque<Message> queue_;
    bool sending_ = false, closing_ = false;
};

}  // namespace seance::litellm
