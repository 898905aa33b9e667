#include "store/valkey/router.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "core/base/text.hpp"
#include "store/valkey/slots.hpp"

namespace seance::valkey {
namespace {

// A cluster that changes may redirect more than once; one that sends around in circles is given up.
constexpr int kMostRedirections = 5;

}  // namespace

std::optional<Redirection> read_redirection(const Reply& reply, const Address& asked) {
    if (!reply.failed()) return std::nullopt;
    auto words = split(reply.text, ' ');
    if (words.size() != 3 || (words[0] != "MOVED" && words[0] != "ASK")) return std::nullopt;
    auto colon = words[2].rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto port = parse_number(words[2].substr(colon + 1));
    if (!port || *port == 0 || *port > UINT16_MAX) return std::nullopt;
    Redirection redirection{asked, words[0] == "ASK"};
    auto host = words[2].substr(0, colon);
    if (!host.empty() && host != "?") redirection.to.host = host;
    redirection.to.port = static_cast<std::uint16_t>(*port);
    return redirection;
}

class Router::Impl {
  public:
    Impl(Loop& loop, std::vector<Address> nodes, ClientOptions options)
        : loop_(loop), seed_(nodes.at(0)), options_(options) {
        for (const auto& node : nodes) client_at(node);
    }
    void close() {
        closed_ = true;
        owners_.clear();
        clients_.clear();
    }

    Client& client_of(std::string_view key) {
        auto owner = owners_.find(slot_of(key));
        return owner != owners_.end() ? *owner->second : anybody();
    }

    const ClientOptions& options() const { return options_; }

    std::uint64_t connections() const {
        std::uint64_t made = 0;
        for (const auto& [address, client] : clients_) made += client->state().connections;
        return made;
    }

    static Awaitable<Result<Reply>> command(std::shared_ptr<Impl> self, std::string key,
                                            std::vector<std::string> arguments, Duration limit) {
        auto slot = slot_of(key);
        auto* client = &self->client_of(key);
        std::vector<Client*> away;
        for (int redirections = 0;; ++redirections) {
            auto asked = client->address();
            auto reply = co_await client->command(arguments, limit);
            if (self->closed_) co_return error_code{asio::error::operation_aborted};
            if (!reply) self->owners_.erase(slot);  // somebody else may have it by now
            if (!reply && reply.error() == Errc::NotConnected) {
                away.push_back(client);  // it was not sent
                if (auto* other = self->other_than(away)) {
                    client = other;
                    continue;
                }
            }
            auto redirection = reply ? read_redirection(*reply, asked) : std::nullopt;
            if (!redirection || redirections == kMostRedirections) co_return reply;
            client = &self->client_at(redirection->to);
            if (redirection->only_now)
                client->post({"ASKING"});  // goes right before the command
            else
                self->owners_[slot] = client;
        }
    }

  private:
    Client& client_at(const Address& address) {
        auto& client = clients_[address.printed()];
        if (!client) client = std::make_unique<Client>(loop_, address, options_);
        return *client;
    }
    // One that is connected, else one that may still become so; null: there is none.
    Client* other_than(const std::vector<Client*>& away) {
        Client* found = nullptr;
        for (auto& [address, client] : clients_) {
            if (std::find(away.begin(), away.end(), client.get()) != away.end()) continue;
            if (client->state().connected) return client.get();
            found = client.get();
        }
        return found;
    }
    // Every master knows who has what.
    Client& anybody() {
        auto& first = client_at(seed_);
        if (first.state().connected) return first;
        auto other = std::find_if(clients_.begin(), clients_.end(),
                                  [](const auto& entry) { return entry.second->state().connected; });
        return other == clients_.end() ? first : *other->second;
    }

    Loop& loop_;
    const Address seed_;
    const ClientOptions options_;
    bool closed_ = false;
    std::map<std::string, std::unique_ptr<Client>> clients_;  // by address; none goes before the end
    std::unordered_map<std::uint16_t, Client*> owners_;       // of slots that were asked for
};

Router::Router(Loop& loop, Address address, ClientOptions options)
    : Router(loop, std::vector<Address>{std::move(address)}, options) {}

Router::Router(Loop& loop, std::vector<Address> nodes, ClientOptions options)
    : impl_(std::make_shared<Impl>(loop, std::move(nodes), options)) {}

Router::~Router() {
    impl_->close();
}

Awaitable<Result<Reply>> Router::command(std::string_view key, std::vector<std::string> arguments,
                                         std::optional<Duration> limit) {
    return Impl::command(impl_, std::string(key), std::move(arguments),
                         limit.value_or(impl_->options().command_timeout));
}

const State& Router::state(std::string_view key) const {
    return impl_->client_of(key).state();
}

std::uint64_t Router::connections() const {
    return impl_->connections();
}

bool Router::post(std::string_view key, const std::vector<std::string_view>& arguments) {
    return impl_->client_of(key).post(arguments);
}

}  // namespace seance::valkey
