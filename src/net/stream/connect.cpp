#include "net/stream/connect.hpp"

#include <openssl/x509v3.h>

#include <boost/asio/ssl/host_name_verification.hpp>
#include <list>

#include "net/stream/errors.hpp"
#include "net/stream/tls_handshake.hpp"

namespace seance::stream {
namespace {

constexpr Duration kStagger = std::chrono::milliseconds(250);

// Tries under way. Handlers share it; close_all() makes those that come late find nothing to do.
struct Race {
    explicit Race(Executor executor) : wake(executor) {}

    void start(std::shared_ptr<Race> self, const asio::ip::tcp::endpoint& endpoint) {
        auto at = tries.emplace(tries.end(), wake.get_executor());
        ++running;
        at->async_connect(endpoint, [self = std::move(self), at](error_code error) {
            --self->running;
            if (self->over) return;
            ++self->events;
            if (error)
                self->last = error;
            else if (!self->winner)
                self->winner = std::move(*at);
            self->wake.cancel();
        });
    }

    Timer wake;
    std::list<Connecting> tries;
    std::optional<Connecting> winner;
    error_code last = asio::error::host_unreachable;
    std::size_t running = 0, events = 0;
    bool over = false;
};

// Ends the race however the coroutine ends.
struct RaceOwner {
    std::shared_ptr<Race> race;
    ~RaceOwner() {
        race->over = true;
        error_code ignored;
        for (auto& socket : race->tries) socket.close(ignored);
    }
};

std::string names_of(X509* certificate) {
    const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> all{
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
        GENERAL_NAMES_free};
    std::string names;
    for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
        const auto* name = sk_GENERAL_NAME_value(all.get(), i);
        if (name->type != GEN_DNS) continue;
        if (!names.empty()) names += ", ";
        names.append(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                     static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    }
    return names;
}

// Says of a good certificate of somebody else that this is what is wrong with it, and keeps whose it is.
struct NamedHost {
    bool operator()(bool trusted, asio::ssl::verify_context& context) const {
        const bool good = check(trusted, context);
        if (good || !trusted) return good;
        X509_STORE_CTX_set_error(context.native_handle(), X509_V_ERR_HOSTNAME_MISMATCH);
        *names = names_of(X509_STORE_CTX_get_current_cert(context.native_handle()));
        return false;
    }
    asio::ssl::host_name_verification check;
    std::shared_ptr<std::string> names;
};

int slot_index() {
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

}  // namespace

Awaitable<Result<TcpSocket>> connect_first(Addresses addresses, std::uint16_t port, Instant end) {
    auto executor = co_await asio::this_coro::executor;
    RaceOwner owner{std::make_shared<Race>(executor)};
    Race& race = *owner.race;
    std::size_t next = 0;
    Instant next_try = Instant::min();
    while (true) {
        if (next < addresses.size() && (race.running == 0 || Clock::now() >= next_try)) {
            race.start(owner.race, {addresses[next++], port});
            next_try = Clock::now() + kStagger;
        }
        race.wake.expires_at(next < addresses.size() ? std::min(next_try, end) : end);
        auto seen = race.events;
        auto [error] = co_await race.wake.async_wait(kAwait);
        if (race.winner) break;
        if (Clock::now() >= end) co_return error_code(asio::error::timed_out);
        if (error && race.events == seen) co_return error;  // cancelled from outside
        if (race.running == 0 && next >= addresses.size()) co_return race.last;
        // RFC 8305 section 5: a failure starts the next try at once.
        if (race.events != seen) next_try = Instant::min();
    }
    error_code ignored;
    race.winner->set_option(asio::ip::tcp::no_delay(true), ignored);
    co_return TcpSocket(executor, race.winner->release(ignored));
}

struct TlsClient::Slot {
    SSL_SESSION* session = nullptr;
    Slot() = default;
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot() { SSL_SESSION_free(session); }
};

TlsClient::TlsClient(std::string ca_file, Spoken spoken)
    : TlsClient(Trust{.file = std::move(ca_file)}, spoken) {}

TlsClient::TlsClient(const Trust& trust, Spoken spoken)
    : authorities_(trust.verify ? authorities_of(trust) : nullptr),
      context_(asio::ssl::context::tls_client),
      verify_(trust.verify) {
    context_.set_verify_mode(trust.verify ? asio::ssl::verify_peer : asio::ssl::verify_none);
    SSL_CTX* native = context_.native_handle();
    if (authorities_) SSL_CTX_set1_cert_store(native, authorities_.get());
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    if (spoken == Spoken::Http) SSL_CTX_set_alpn_protos(native, kHttpProtocol, kHttpProtocolLength);
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(native, &TlsClient::keep_session);
    // A read buffer lent per record, not kept: 64 idle connections hold no 17 KiB each.
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
}

TlsClient::~TlsClient() = default;

// TLS 1.3 hands tickets out after the handshake, so this runs inside later reads; the stream keeps its slot
// alive.
int TlsClient::keep_session(SSL* ssl, SSL_SESSION* session) {
    auto* slot = static_cast<Slot*>(SSL_get_ex_data(ssl, slot_index()));
    if (!slot) return 0;
    SSL_SESSION_free(slot->session);
    slot->session = session;  // 1: the reference is ours now
    return 1;
}

Awaitable<Result<Stream>> TlsClient::handshake(TcpSocket socket, std::string host, std::uint16_t port,
                                               Instant end, TlsFailure* why) {
    auto self = shared_from_this();
    auto& slot = slots_[host + ':' + std::to_string(port)];
    if (!slot) slot = std::make_shared<Slot>();
    auto kept = std::make_shared<std::pair<std::shared_ptr<TlsClient>, std::shared_ptr<Slot>>>(self, slot);

    TlsSocketOwner tls(new TlsSocket(std::move(socket), context_));
    SSL* ssl = tls->native_handle();
    error_code no_address;
    asio::ip::make_address(host, no_address);
    if (no_address) SSL_set_tlsext_host_name(ssl, host.c_str());  // RFC 6066: names only
    SSL_set_ex_data(ssl, slot_index(), kept->second.get());
    if (kept->second->session) SSL_set_session(ssl, kept->second->session);
    error_code error;
    NamedHost named{asio::ssl::host_name_verification(host), std::make_shared<std::string>()};
    if (verify_) tls->set_verify_callback(named, error);

    auto failure = co_await shake_hands(*tls, asio::ssl::stream_base::client, end, why);
    if (failure == Errc::TlsFailed) SSL_SESSION_free(std::exchange(kept->second->session, nullptr));
    if (why && why->kind == TlsFailure::Kind::OtherName && !named.names->empty())
        why->text += " (" + *named.names + ")";
    if (failure) co_return failure;
    co_return Stream(std::move(tls), std::move(kept));
}

}  // namespace seance::stream
