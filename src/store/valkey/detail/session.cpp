#include "store/valkey/detail/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>
#include <vector>

#include "core/base/id.hpp"

namespace seance::valkey {
namespace {

using Resolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;

std::vector<std::vector<std::string>> greeting_of(const Address& address) {
    std::vector<std::vector<std::string>> greeting;
    if (!address.user.empty())
        greeting.push_back({"AUTH", address.user, address.password.reveal()});
    else if (!address.password.empty())
        greeting.push_back({"AUTH", address.password.reveal()});
    if (address.database != 0) greeting.push_back({"SELECT", std::to_string(address.database)});
    greeting.push_back({"PING"});
    return greeting;
}

}  // namespace

Duration Pauses::next() {
    auto half = static_cast<std::uint64_t>(pause_.count() / 2);
    pause_ = std::min(pause_ * 2, options_.longest_retry);
    return Duration(half + random_number() % (half + 1));
}

bool Pauses::forgiven_since(Instant began) {
    if (Clock::now() - began < options_.longest_retry) return false;
    pause_ = options_.first_retry;
    return true;
}

Awaitable<error_code> open_session(Session& session, const Address& address, std::string& refusal) {
    refusal.clear();
    Resolver resolver(session.socket.get_executor());
    auto [no_name, found] =
        co_await resolver.async_resolve(address.host, std::to_string(address.port), kAwait);
    if (no_name) co_return no_name;
    auto [refused, endpoint] = co_await asio::async_connect(session.socket, found, kAwait);
    if (refused) co_return refused;
    error_code ignored;
    session.socket.set_option(asio::ip::tcp::no_delay(true), ignored);

    auto greeting = greeting_of(address);
    std::string wire;
    for (const auto& command : greeting) wire += encode_command(command);
    auto [unsent, sent] = co_await asio::async_write(session.socket, asio::buffer(wire), kAwait);
    if (unsent) co_return unsent;
    for (std::size_t answered = 0; answered < greeting.size();) {
        auto [ended, got] = co_await session.socket.async_read_some(asio::buffer(session.buffer), kAwait);
        if (ended) co_return ended;
        session.last_read = Clock::now();
        session.reader.feed({session.buffer.data(), got});
        while (auto reply = session.reader.next()) {
            if (answered >= greeting.size() || reply->failed()) {
                refusal = fmt::format("the server refused {}: {}",
                                      greeting[std::min(answered, greeting.size() - 1)][0], reply->text);
                co_return Errc::Refused;
            }
            ++answered;
        }
        if (session.reader.broken()) {
            refusal = "what answers there does not speak Valkey's protocol: " + session.reader.reason();
            co_return Errc::Refused;
        }
    }
    co_return error_code{};
}

}  // namespace seance::valkey
