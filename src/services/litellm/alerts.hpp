#pragma once
#include <concepts>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "services/litellm/domain/model_table.hpp"
#include "services/litellm/handlers/upstream_clients.hpp"

namespace seance::litellm {

// Tells Slack, or who takes its webhooks, what a person should know of at once. One loop's: a bounded queue,
// one message after the other, and the log says what could not be sent. Never waits in the way of a call.
class Alerts : public std::enable_shared_from_this<Alerts> {
  public:
    Alerts(Loop& loop, UpstreamClients& clients) : loop_(loop), clients_(clients) {}

    // `kind`: kBudgetAlerts or one of its like. Of the same subject nothing more is said for an hour, by the
    // whole process. `words` makes the text, with no prompt and no key in it; it is asked only if that is
    // sent.
    template <std::invocable Words>
    void tell(const Config& config, std::string_view kind, std::string_view subject, const Words& words) {
        if (is_due(config, kind, subject)) queue(config, kind, words());
    }
    Awaitable<void> drain();  // a moment for what waits; then it is dropped

  private:
    struct Message {
        std::string kind, text;
        SecretText url;
        SharedLink link;
    };
    bool is_due(const Config& config, std::string_view kind, std::string_view subject) const;
    void queue(const Config& config, std::string_view kind, const std::string& text);
    static Awaitable<void> send_all(std::shared_ptr<Alerts> self);
    Awaitable<void> send(const Message& message);

    Loop& loop_;
    UpstreamClients& clients_;
    std::deque<Message> queue_;
    bool sending_ = false, closing_ = false;
};

}  // namespace seance::litellm
