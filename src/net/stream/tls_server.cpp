#include "net/stream/tls_server.hpp"

#include <openssl/x509v3.h>

#include <cstring>

#include "net/stream/tls_handshake.hpp"

namespace seance::stream {
namespace {

// A client that offers other protocols alone is served all the same: it may know no better.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* length, const unsigned char* offered,
                    unsigned offered_length, void*) {
    unsigned char* chosen = nullptr;
    auto found =
        SSL_select_next_proto(&chosen, length, kHttpProtocol, kHttpProtocolLength, offered, offered_length);
    if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

// The first DNS name among the certificate's alternative names.
std::string name_of(X509* certificate) {
    if (!certificate) return "";
    auto* names =
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    std::string name;
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && name.empty(); ++i) {
        auto* one = sk_GENERAL_NAME_value(names, i);
        if (one->type != GEN_DNS) continue;
        name.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(one->d.dNSName)),
                    static_cast<std::size_t>(ASN1_STRING_length(one->d.dNSName)));
    }
    GENERAL_NAMES_free(names);
    if (name.starts_with("*.")) name.replace(0, 1, "any");
    return name;
}

}  // namespace

Outcome<std::shared_ptr<TlsServer>> TlsServer::load(const std::string& chain_file,
                                                    const std::string& key_file) {
    std::shared_ptr<TlsServer> server(new TlsServer);
    auto& context = server->context_;
    error_code error;
    context.use_certificate_chain_file(chain_file, error);
    if (error)
        return Problem{chain_file + " is no readable file of certificates in PEM form: " + error.message()};
    context.use_private_key_file(key_file, asio::ssl::context::pem, error);
    if (error)
        return Problem{key_file + " is no readable private key in PEM form that belongs to " + chain_file +
                       ": " + error.message()};
    SSL_CTX* native = context.native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    server->name_ = name_of(SSL_CTX_get0_certificate(native));
    return server;
}

Awaitable<Result<Stream>> TlsServer::handshake(TcpSocket socket, Instant end) {
    auto self = shared_from_this();
    TlsSocketOwner tls(new TlsSocket(std::move(socket), context_));
    auto failure = co_await shake_hands(*tls, asio::ssl::stream_base::server, end);
    if (failure) co_return failure;
    co_return Stream(std::move(tls), std::move(self));
}

}  // namespace seance::stream
