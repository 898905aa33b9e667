#include "services/litellm/ledger/store.hpp"

#include "core/observe/log.hpp"

namespace seance::litellm {
namespace {

valkey::ClientOptions options_for(Duration deadline) {
    valkey::ClientOptions options;
    options.connect_timeout = std::chrono::seconds(1);
    options.command_timeout = deadline;
    options.longest_retry = std::chrono::seconds(1);
    return options;
}

}  // namespace

error_code refused_by_server() {
    return boost::system::errc::make_error_code(boost::system::errc::protocol_error);
}

Store::Store(Loop& loop, const valkey::Address& address, Duration deadline)
    : deadline_(deadline), client_(loop, address, options_for(deadline)) {}

Awaitable<Result<valkey::Reply>> Store::command(std::vector<std::string> words) {
    auto began = Clock::now();
    if (!breaker_.allow(began)) co_return error_code{valkey::Errc::NotConnected};
    auto reply = co_await client_.command(words);
    if (!reply) {
        // A call whose client has left says nothing about the server.
        if (reply.error() != asio::error::operation_aborted) breaker_.failed(began, Clock::now());
        co_return reply.error();
    }
    breaker_.succeeded();
    if (reply->failed() && !reply->text.starts_with("NOSCRIPT")) {
        observe::log(observe::Level::Error, "valkey_refused")
            .field("command", words[0])
            .field("reason", reply->text);
        co_return refused_by_server();
    }
    co_return std::move(*reply);
}

Awaitable<Result<valkey::Reply>> Store::run(const Script& script, std::vector<std::string> keys,
                                            std::vector<std::string> arguments) {
    std::vector<std::string> words{"EVALSHA", script.sha1, std::to_string(keys.size())};
    words.insert(words.end(), std::make_move_iterator(keys.begin()), std::make_move_iterator(keys.end()));
    words.insert(words.end(), std::make_move_iterator(arguments.begin()),
                 std::make_move_iterator(arguments.end()));
    auto reply = co_await command(words);
    if (!reply || !reply->failed()) co_return reply;
    words[0] = "EVAL";
    words[1] = script.text;
    reply = co_await command(std::move(words));
    co_return reply;
}

}  // namespace seance::litellm
