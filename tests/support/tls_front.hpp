#pragma once
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/loop_thread.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::testing_support {

// A certificate that signs itself, for "localhost" unless told: ca_file for clients, and what a server shows.
class SelfSigned {
  public:
    explicit SelfSigned(const std::string& names = "DNS:localhost") {
        std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
        std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
        auto* x = certificate.get();
        X509_set_version(x, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
        X509_gmtime_adj(X509_getm_notBefore(x), -3600);
        X509_gmtime_adj(X509_getm_notAfter(x), 3600);
        X509_set_pubkey(x, key.get());
        auto* name = X509_get_subject_name(x);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
        X509_set_issuer_name(x, name);
        add(x, NID_subject_alt_name, names.c_str());
        add(x, NID_basic_constraints, "critical,CA:TRUE");
        X509_sign(x, key.get(), EVP_sha256());
        auto* file = std::fopen(certificate_file().c_str(), "w");
        PEM_write_X509(file, x);
        std::fclose(file);
        file = std::fopen(key_file().c_str(), "w");
        PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(file);
    }

    std::string certificate_file() const { return (folder_.path() / "certificate.pem").string(); }
    std::string key_file() const { return (folder_.path() / "key.pem").string(); }

  private:
    static void add(X509* certificate, int kind, const char* value) {
        X509V3_CTX context;
        X509V3_set_ctx_nodb(&context);
        X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
        auto* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }

    TemporaryFolder folder_;
};

// TLS in front of a plain port of loopback, until the end of the test.
class TlsFront {
  public:
    explicit TlsFront(std::uint16_t plain_port) : plain_port_(plain_port) {
        context_.use_certificate_chain_file(certificate_.certificate_file());
        context_.use_private_key_file(certificate_.key_file(), asio::ssl::context::pem);
        acceptor_.open(asio::ip::tcp::v4());
        acceptor_.bind({asio::ip::address_v4::loopback(), 0});
        acceptor_.listen();
        port_ = acceptor_.local_endpoint().port();
        asio::co_spawn(thread_.loop().executor(), accept_all(), asio::detached);
    }
    ~TlsFront() { thread_.stop(); }

    std::uint16_t port() const { return port_; }
    std::string ca_file() const { return certificate_.certificate_file(); }

  private:
    using Tcp = asio::basic_stream_socket<asio::ip::tcp, Executor>;
    struct Pair {
        Pair(Tcp socket, asio::ssl::context& context, Executor executor)
            : outside(std::move(socket), context), inside(executor) {}
        void close() {
            error_code ignored;
            outside.next_layer().close(ignored);
            inside.close(ignored);
        }
        asio::ssl::stream<Tcp> outside;
        Tcp inside;
    };

    template <class From, class To>
    static Awaitable<void> relay(std::shared_ptr<Pair> pair, From& from, To& to) {
        std::vector<char> piece(4096);
        while (true) {
            auto [ended, n] = co_await from.async_read_some(asio::buffer(piece), kAwait);
            if (ended) break;
            auto [lost, written] = co_await asio::async_write(to, asio::buffer(piece.data(), n), kAwait);
            if (lost) break;
        }
        pair->close();
    }
    Awaitable<void> serve(std::shared_ptr<Pair> pair) {
        auto [refused] = co_await pair->outside.async_handshake(asio::ssl::stream_base::server, kAwait);
        if (refused) co_return;
        asio::ip::tcp::endpoint where(asio::ip::address_v4::loopback(), plain_port_);
        auto [absent] = co_await pair->inside.async_connect(where, kAwait);
        if (absent) co_return;
        asio::co_spawn(thread_.loop().executor(), relay(pair, pair->outside, pair->inside), asio::detached);
        asio::co_spawn(thread_.loop().executor(), relay(pair, pair->inside, pair->outside), asio::detached);
    }
    Awaitable<void> accept_all() {
        while (true) {
            Tcp socket(thread_.loop().executor());
            auto [failed] = co_await acceptor_.async_accept(socket, kAwait);
            if (failed) co_return;
            auto pair = std::make_shared<Pair>(std::move(socket), context_, thread_.loop().executor());
            asio::co_spawn(thread_.loop().executor(), serve(std::move(pair)), asio::detached);
        }
    }

    std::uint16_t plain_port_, port_ = 0;
    SelfSigned certificate_;
    asio::ssl::context context_{asio::ssl::context::tls_server};
    LoopThread thread_;
    asio::basic_socket_acceptor<asio::ip::tcp, Executor> acceptor_{thread_.loop().executor()};
};

}  // namespace seance::testing_support
