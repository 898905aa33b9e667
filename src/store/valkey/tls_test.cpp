#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "core/runtime/wait.hpp"
#include "store/valkey/client.hpp"
#include "store/valkey/pub_sub.hpp"
#include "store/valkey/router.hpp"
#include "store/valkey/slots.hpp"
#include "tests/support/redis_cluster.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/tls_front.hpp"
#include "tests/support/valkey_options.hpp"

namespace seance::valkey {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing_support::free_port;
using testing_support::quick;
using testing_support::RedisCluster;
using testing_support::RedisServer;
using testing_support::run;
using testing_support::SelfSigned;

// Whom this process trusts, as a person would say it, until the end of a test.
class Trusting {
  public:
    explicit Trusting(const std::string& file) { ::setenv("SSL_CERT_FILE", file.c_str(), 1); }
    ~Trusting() { ::unsetenv("SSL_CERT_FILE"); }
    Trusting(const Trusting&) = delete;
};

std::string tls_lines(const SelfSigned& shown, std::uint16_t port) {
    return "tls-port " + std::to_string(port) + "\ntls-auth-clients no\ntls-cert-file " +
           shown.certificate_file() + "\ntls-key-file " + shown.key_file() + "\ntls-ca-cert-file " +
           shown.certificate_file() + "\n";
}

// A real server with a plain port and one of TLS.
struct TlsServer {
    explicit TlsServer(const std::string& names = "DNS:localhost", const std::string& password = "")
        : certificate(names), server(password, tls_lines(certificate, port)) {}

    SelfSigned certificate;
    std::uint16_t port = free_port();
    RedisServer server;
};

Address secure(std::uint16_t port, std::string host = "localhost") {
    Address address;
    address.host = std::move(host);
    address.port = port;
    address.tls = true;
    return address;
}

// Handshakes take their time under sanitizers.
ClientOptions patient() {
    auto options = quick();
    options.connect_timeout = options.command_timeout = options.longest_silence = 5s;
    return options;
}

Awaitable<void> expect_values(Client& client) {
    EXPECT_TRUE(co_await client.wait_connected(10s)) << client.state().last_error;
    std::string large(3 << 20, 'x');
    auto set = co_await client.command("SET", "large", large);
    EXPECT_TRUE(set && set->ok());
    for (int i = 0; i < 100; ++i) client.post({"INCR", "posted"});
    auto got = co_await client.command("GET", "large");
    EXPECT_TRUE(got && got->text == large);
    auto posted = co_await client.command("GET", "posted");
    EXPECT_TRUE(posted && posted->text == "100");
    auto info = co_await client.command("CLIENT", "INFO");
    EXPECT_TRUE(info && info->text.find(" db=3 ") != std::string::npos);
}

TEST(ValkeyTls, CarriesCommandsToAServerThatShowsATrustedCertificate) {
    TlsServer there("DNS:localhost", "right");
    Trusting trusting(there.certificate.certificate_file());
    Loop loop;
    auto address = secure(there.port);
    address.password = SecretText("right");
    address.database = 3;
    Client client(loop, address, patient());

    run(loop, expect_values(client));

    EXPECT_EQ(client.state().connections, 1u);
}

Awaitable<void> fail(Loop& loop, Address address, ClientOptions options, std::string& reason) {
    Client client(loop, std::move(address), options);
    auto began = Clock::now();
    while (client.state().last_error.empty() && Clock::now() - began < 10s) co_await sleep_for(2ms);
    EXPECT_FALSE(client.state().connected);
    reason = client.state().last_error;
}
std::string failure(Address address, ClientOptions options = patient()) {
    Loop loop;
    std::string reason;
    run(loop, fail(loop, std::move(address), options, reason));
    return reason;
}

TEST(ValkeyTls, SaysThatTheCertificateIsNotTrustedAndHowItWouldBe) {
    TlsServer there;

    EXPECT_THAT(failure(secure(there.port)),
                AllOf(HasSubstr("certificate is not trusted: self-signed"), HasSubstr("SSL_CERT_FILE")));
}

TEST(ValkeyTls, SaysWhoseCertificateItIsInstead) {
    TlsServer there("DNS:cache.example,DNS:*.cache.example");
    Trusting trusting(there.certificate.certificate_file());

    EXPECT_EQ(failure(secure(there.port)),
              "its certificate is for another name (cache.example, *.cache.example)");
}

TEST(ValkeyTls, ChecksAnAddressLikeAName) {
    TlsServer other, own("IP:127.0.0.1");
    Loop loop;
    {
        Trusting trusting(other.certificate.certificate_file());
        EXPECT_THAT(failure(secure(other.port, "127.0.0.1")), HasSubstr("for another name (localhost)"));
    }
    Trusting trusting(own.certificate.certificate_file());
    auto address = secure(own.port, "127.0.0.1");
    address.database = 3;
    Client client(loop, address, patient());
    run(loop, expect_values(client));
}

TEST(ValkeyTls, SaysThatNoTlsIsSpokenThere) {
    RedisServer plain;  // waits for the end of what it takes for a line
    auto options = quick();
    EXPECT_EQ(failure(secure(plain.port(), "127.0.0.1"), options),
              "no answer to the TLS handshake within 300ms; a server without TLS is reached by redis://");

    testing_support::ScriptedUpstream chatty([](testing_support::UpstreamConnection& connection) {
        connection.sends("-ERR unknown command\r\n");
        connection.sees_close();
    });
    EXPECT_EQ(failure(secure(chatty.port(), "127.0.0.1")),
              "what answers there does not speak TLS; a server without TLS is reached by redis://");
}

TEST(ValkeyTls, SaysToAPlainClientThatTlsIsSpokenThere) {
    TlsServer there;
    auto address = secure(there.port);
    address.tls = false;

    EXPECT_THAT(failure(address), HasSubstr("rediss://"));

    testing_support::TlsFront terminator(there.server.port());  // answers with an alert before it hangs up
    address.port = terminator.port();
    EXPECT_THAT(failure(address), HasSubstr("rediss://"));
}

Awaitable<void> expect_return(TlsServer& there, Client& client) {
    EXPECT_TRUE(co_await client.wait_connected(10s)) << client.state().last_error;
    there.server.freeze();
    auto began = Clock::now();
    while (client.state().connected && Clock::now() - began < 10s) co_await sleep_for(5ms);
    EXPECT_FALSE(client.state().connected) << "the silence was noticed";
    there.server.thaw();
    EXPECT_TRUE(co_await client.wait_connected(10s));

    there.server.kill();
    while (client.state().connected && Clock::now() - began < 20s) co_await sleep_for(5ms);
    EXPECT_EQ(client.state().last_error, "the server closed the connection");
    there.server.start();
    EXPECT_TRUE(co_await client.wait_connected(10s)) << client.state().last_error;
    auto reply = co_await client.command("PING");
    EXPECT_TRUE(reply && reply->text == "PONG");
}

TEST(ValkeyTls, ComesBackAfterSilenceAndAfterARestart) {
    TlsServer there;
    Trusting trusting(there.certificate.certificate_file());
    Loop loop;
    auto options = patient();
    options.command_timeout = options.longest_silence = 300ms;
    Client client(loop, secure(there.port), options);

    run(loop, expect_return(there, client));
}

// Two masters that tell clients of TLS their names and ports of TLS.
struct TlsCluster {
    SelfSigned certificate;
    std::uint16_t ports[2] = {free_port(), free_port()};
    RedisCluster nodes{[this](std::size_t i) {
        return tls_lines(certificate, ports[i]) +
               "tls-cluster yes\ncluster-announce-hostname localhost\n"
               "cluster-preferred-endpoint-type hostname\n";
    }};
};

Awaitable<void> expect_keys_on_both(Loop& loop, TlsCluster& cluster, Router& router) {
    for (int i = 0; i < 20; ++i) {
        auto key = "key " + std::to_string(i);
        std::vector<std::string> set{"SET", key, "x"};
        auto written = co_await router.command(key, std::move(set));
        EXPECT_TRUE(written && written->ok()) << (written ? written->text : written.error().message());
    }
    for (auto port : cluster.ports) {
        Client client(loop, secure(port), patient());
        auto size = co_await client.command("DBSIZE");
        EXPECT_TRUE(size && size->integer > 2);
    }
}

struct Heard final : PubSub::Listener {
    void on_open() override {}
    void on_subscribed(std::string_view channel) override { subscribed.insert(std::string(channel)); }
    void on_message(std::string_view, std::string_view payload) override { bytes += payload.size(); }
    void on_lost() override {}
    std::set<std::string> subscribed;
    std::size_t bytes = 0;
};

// As much as a subscriber gets in several reads of its socket.
Awaitable<void> expect_messages(PubSub& pub_sub, Heard& heard) {
    constexpr std::size_t kChannels = 20, kMessages = 50, kSize = 10'000;
    auto began = Clock::now();
    for (std::size_t i = 0; i < kChannels; ++i) pub_sub.subscribe("room " + std::to_string(i));
    while (heard.subscribed.size() < kChannels && Clock::now() - began < 20s) co_await sleep_for(2ms);
    std::string payload(kSize, 'x');
    for (std::size_t n = 0; n < kMessages; ++n)
        for (std::size_t i = 0; i < kChannels; ++i)
            EXPECT_TRUE(pub_sub.publish("room " + std::to_string(i), payload));
    auto all = kChannels * kMessages * kSize;
    while (heard.bytes < all && Clock::now() - began < 20s) co_await sleep_for(2ms);
    EXPECT_EQ(heard.bytes, all);
}

TEST(ValkeyTls, ReachesTheNodesOfAClusterByTheNamesThatItGives) {
    TlsCluster cluster;
    Trusting trusting(cluster.certificate.certificate_file());
    Loop loop;
    Router router(loop, secure(cluster.ports[0]), patient());
    run(loop, expect_keys_on_both(loop, cluster, router));

    Heard heard;
    PubSub pub_sub(loop, secure(cluster.ports[0]), heard, patient());
    run(loop, expect_messages(pub_sub, heard));
}

}  // namespace
}  // namespace seance::valkey
