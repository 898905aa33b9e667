#include "services/litellm/ledger/store.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/observe/log.hpp"

namespace seance::litellm {
namespace {

valkey::ClientOptions options_for(Duration deadline, Duration longest) {
    valkey::ClientOptions options;
    options.connect_timeout = std::chrono::seconds(1);
    options.command_timeout = deadline;
    options.longest_silence = std::max(options.longest_silence, longest);
    options.longest_retry = std::chrono::seconds(1);
    return options;
}

// What a person may do about a refusal; "": nothing that is known.
std::string_view advice_on(std::string_view reason) {
    if (reason.starts_with("MOVED") || reason.starts_with("CROSSSLOT"))
        return "this is a server of a cluster: name its nodes with REDIS_CLUSTER_NODES, and start again";
    return "";
}

}  // namespace

error_code refused_by_server() {
    return boost::system::errc::make_error_code(boost::system::errc::protocol_error);
}

Store::Store(Loop& loop, const StoreAddress& address, Duration deadline, Duration longest)
    : deadline_(deadline),
      prefix_(address.cluster ? kClusterPrefix : kPrefix),
      answers_(address.cluster ? "{litellm}answers:" : ""),
      version_key_(key("version")) {
    if (address.cluster)
        router_ = std::make_unique<valkey::Router>(loop, address.nodes(), options_for(deadline, longest));
    else
        client_ = std::make_unique<valkey::Client>(loop, address.server, options_for(deadline, longest));
}

std::string Store::record_key(std::string_view kind, std::string_view id) const {
    return fmt::format("{}{}:{}", prefix_, kind, id);
}

const valkey::State& Store::state() const {
    return router_ ? router_->state(prefix_) : client_->state();
}

Awaitable<Result<valkey::Reply>> Store::send(std::vector<std::string> words, Duration limit) {
    if (router_) return router_->command(prefix_, std::move(words), limit);
    return client_->command(words, limit);
}

Awaitable<Result<valkey::Reply>> Store::command(std::vector<std::string> words, Duration limit) {
    auto began = Clock::now();
    if (!breaker_.allow(began)) co_return error_code{valkey::Errc::NotConnected};
    auto name = words[0];
    auto reply = co_await send(std::move(words), limit);
    if (!reply) {
        // A call whose client has left says nothing about the server.
        if (reply.error() != asio::error::operation_aborted) breaker_.failed(began, Clock::now());
        co_return reply.error();
    }
    breaker_.succeeded();
    if (reply->failed() && !reply->text.starts_with("NOSCRIPT")) {
        auto line = observe::log(observe::Level::Error, "valkey_refused");
        line.field("command", name).field("reason", reply->text);
        if (auto advice = advice_on(reply->text); !advice.empty()) line.field("advice", advice);
        co_return refused_by_server();
    }
    co_return std::move(*reply);
}

Awaitable<Result<valkey::Reply>> Store::run(const Script& script, std::vector<std::string> keys,
                                            std::vector<std::string> arguments, Duration limit) {
    std::vector<std::string> words{"EVALSHA", script.sha1, std::to_string(keys.size() + 1), version_key_};
    words.insert(words.end(), std::make_move_iterator(keys.begin()), std::make_move_iterator(keys.end()));
    words.insert(words.end(), std::make_move_iterator(arguments.begin()),
                 std::make_move_iterator(arguments.end()));
    auto reply = co_await command(words, limit);
    if (!reply || !reply->failed()) co_return reply;
    words[0] = "EVAL";
    words[1] = script.text;
    reply = co_await command(std::move(words), limit);
    co_return reply;
}

}  // namespace seance::litellm
