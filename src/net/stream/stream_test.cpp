#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "core/runtime/loop.hpp"
#include "net/stream/connect.hpp"
#include "net/stream/errors.hpp"

namespace seance::stream {
namespace {

using namespace std::chrono_literals;
using asio::ip::make_address;

template <class Body>
void run(Loop& loop, Body body) {
    std::exception_ptr failure;
    asio::co_spawn(loop.executor(), std::move(body), [&](std::exception_ptr e) {
        failure = e;
        loop.stop();
    });
    loop.run();
    if (failure) std::rethrow_exception(failure);
}

struct Listener {
    explicit Listener(Loop& loop) : acceptor(loop.executor(), {asio::ip::address_v4::loopback(), 0}) {}
    std::uint16_t port() const { return acceptor.local_endpoint().port(); }
    asio::basic_socket_acceptor<asio::ip::tcp, Executor> acceptor;
};

}  // namespace

TEST(InterleaveFamilies, TakesTurnsBeginningWithTheFirstFamily) {
    Addresses given{make_address("2001:db8::1"), make_address("2001:db8::2"), make_address("192.0.2.1")};

    Addresses expected{make_address("2001:db8::1"), make_address("192.0.2.1"), make_address("2001:db8::2")};
    EXPECT_EQ(interleave_families(given), expected);
}

TEST(AddressesWithoutDns, KnowsLiteralsAndLocalhostNames) {
    EXPECT_EQ(addresses_without_dns("192.0.2.7"), Addresses{make_address("192.0.2.7")});
    EXPECT_EQ(addresses_without_dns("[::1]"), Addresses{make_address("::1")});
    EXPECT_EQ(addresses_without_dns("backend.seance.LocalHost").size(), 2u);
    EXPECT_TRUE(addresses_without_dns("localhost.example").empty());
    EXPECT_TRUE(addresses_without_dns("example.com").empty());
}

TEST(Resolver, GivesPinnedAddressesAndNoticesAddressesThatLeft) {
    Loop loop;
    Resolver resolver(loop.executor());
    resolver.set_override("up.test", {make_address("127.0.0.1")});
    auto body = [](Resolver* r) -> Awaitable<void> {
        auto found = co_await r->resolve("up.test");
        EXPECT_EQ(found.value(), Addresses{make_address("127.0.0.1")});
    };

    run(loop, [&] { return body(&resolver); });

    EXPECT_TRUE(resolver.still_valid("up.test", make_address("127.0.0.1")));
    EXPECT_FALSE(resolver.still_valid("up.test", make_address("127.0.0.2")));
    EXPECT_TRUE(resolver.still_valid("other.test", make_address("127.0.0.2")));
}

TEST(ConnectFirst, GoesOnToTheNextAddressWhenOneRefuses) {
    Loop loop;
    Listener listener(loop);
    auto body = [](std::uint16_t port) -> Awaitable<void> {
        Addresses addresses{make_address("127.0.0.2"), make_address("127.0.0.1")};
        auto socket = co_await connect_first(addresses, port, Clock::now() + 5s);
        EXPECT_TRUE(socket.has_value()) << socket.error().message();
    };

    run(loop, [&] { return body(listener.port()); });
}

TEST(ConnectFirst, ReportsRefusalWhenNoAddressAccepts) {
    Loop loop;
    std::uint16_t port = Listener(loop).port();  // closed again
    auto body = [](std::uint16_t to) -> Awaitable<void> {
        Addresses addresses{make_address("127.0.0.1")};
        auto socket = co_await connect_first(addresses, to, Clock::now() + 5s);
        EXPECT_EQ(socket.error(), asio::error::connection_refused);
    };

    run(loop, [&] { return body(port); });
}

TEST(TlsClient, GivesUpAtTheDeadlineOnASilentPeer) {
    Loop loop;
    Listener listener(loop);
    auto tls = std::make_shared<TlsClient>("");
    auto body = [](std::shared_ptr<TlsClient> client, std::uint16_t port) -> Awaitable<void> {
        Addresses addresses{make_address("127.0.0.1")};
        auto socket = co_await connect_first(addresses, port, Clock::now() + 5s);
        auto stream = co_await client->handshake(std::move(*socket), "up.test", port, Clock::now() + 20ms);
        EXPECT_EQ(stream.error(), asio::error::timed_out);
    };

    run(loop, [&] { return body(tls, listener.port()); });
}

}  // namespace seance::stream
