#include "net/http/client.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "net/http/connection_pool.hpp"
#include "net/http/parser.hpp"

namespace seance::http {
namespace {

class Category final : public boost::system::error_category {
  public:
    const char* name() const noexcept override { return "seance.http.client"; }
    std::string message(int value) const override {
        switch (static_cast<ClientErrc>(value)) {
            case ClientErrc::BadResponse:
                return "the response broke the rules of HTTP";
            case ClientErrc::NameNotFound:
                return "the host's name could not be resolved";
            case ClientErrc::TlsFailed:
                return "the TLS handshake or the certificate check failed";
            case ClientErrc::PoolExhausted:
                return "too many requests to this host are under way";
            case ClientErrc::BodyTooLarge:
                return "the response body is larger than allowed";
            case ClientErrc::Truncated:
                return "the response ended before its declared end";
            case ClientErrc::NoIpv4Address:
                return "the host has no address of IPv4, and only those are allowed";
        }
        return "unknown client error";
    }
};

bool allows_body(std::string_view method) {
    return method != "GET" && method != "HEAD" && method != "DELETE" && method != "OPTIONS";
}

std::string render_head(const Origin& origin, const Request& request) {
    std::string out;
    out.reserve(512);
    out.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
    if (!request.fields.find("host")) out.append("Host: ").append(origin.authority()).append("\r\n");
    for (const auto& [name, value] : request.fields.all())
        out.append(name).append(": ").append(value).append("\r\n");
    if (!request.fields.find("content-length") && (!request.body.empty() || allows_body(request.method)))
        out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
    out.append("\r\n");
    return out;
}

bool is_sendable(const Request& request) {
    if (!is_token(request.method) || request.target.empty()) return false;
    if (request.fields.find("transfer-encoding")) return false;  // bodies go out with their length
    for (char c : request.target)
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return false;
    auto length = request.fields.find("content-length");
    return !length || parse_number(*length) == request.body.size();
}

constexpr auto kNotSendable = boost::system::errc::invalid_argument;

Awaitable<error_code> fail(boost::system::errc::errc_t why) {
    co_return make_error_code(why);
}

}  // namespace

error_code make_error_code(ClientErrc code) {
    static const Category category;
    return {static_cast<int>(code), category};
}

bool is_idempotent(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
           method == "DELETE";
}

std::string Origin::authority() const {
    std::string text = host.find(':') == std::string::npos ? host : '[' + host + ']';
    if (port != (tls ? 443 : 80)) text.append(":").append(std::to_string(port));
    return text;
}

Result<Url> parse_url(std::string_view text) {
    const error_code bad = make_error_code(boost::system::errc::invalid_argument);
    Url url;
    auto scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) return bad;
    auto scheme = text.substr(0, scheme_end);
    if (iequals(scheme, "https"))
        url.origin.tls = true;
    else if (!iequals(scheme, "http"))
        return bad;
    auto rest = text.substr(scheme_end + 3);
    auto authority = rest.substr(0, rest.find_first_of("/?#"));
    auto target = rest.substr(authority.size());
    target = target.substr(0, target.find('#'));
    if (authority.find('@') != std::string_view::npos || !is_host(authority)) return bad;

    url.origin.port = url.origin.tls ? 443 : 80;
    auto colon = authority.rfind(':');
    auto host = authority;
    if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
        auto port = parse_number(authority.substr(colon + 1));
        if (!port || *port == 0 || *port > 65535) return bad;
        url.origin.port = static_cast<std::uint16_t>(*port);
        host = authority.substr(0, colon);
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.empty()) return bad;
    url.origin.host = lower(host);
    for (char c : target)
        if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f) return bad;
    if (!target.starts_with('/')) url.target.push_back('/');
    url.target += target;
    return url;
}

struct ResponseStream::State {
    explicit State(Lease l) : lease(std::move(l)) {}
    Lease lease;
    const ResponseHead* head = nullptr;
    bool to_head = false, stale = false;
    error_code write_error;
};

ResponseStream::ResponseStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
ResponseStream::ResponseStream(ResponseStream&&) noexcept = default;
ResponseStream& ResponseStream::operator=(ResponseStream&&) noexcept = default;
ResponseStream::~ResponseStream() = default;

const ResponseHead& ResponseStream::head() const {
    return *state_->head;
}

Awaitable<Result<std::string_view>> ResponseStream::read_body() {
    return state_->lease->read_body();
}

Awaitable<Result<std::string>> ResponseStream::read_whole_body(std::uint64_t most) {
    std::string body;
    const auto& h = head();
    if (h.framing == Framing::Length) {
        if (h.content_length > most) {
            abort();
            co_return error_code(ClientErrc::BodyTooLarge);
        }
        body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(h.content_length, 1 << 20)));
    }
    while (true) {
        auto piece = co_await read_body();
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return body;
        if (body.size() + piece->size() > most) {
            abort();
            co_return error_code(ClientErrc::BodyTooLarge);
        }
        body += *piece;
    }
}

void ResponseStream::abort() {
    state_->lease->close();
}

ClientExchange::ClientExchange(Lease lease)
    : state_(std::make_unique<ResponseStream::State>(std::move(lease))) {}
ClientExchange::ClientExchange(ClientExchange&&) noexcept = default;
ClientExchange& ClientExchange::operator=(ClientExchange&&) noexcept = default;
ClientExchange::~ClientExchange() = default;

Awaitable<error_code> ClientExchange::write(const Origin& origin, const Request& request) {
    return is_sendable(request) ? send(origin, request) : fail(kNotSendable);
}

Awaitable<error_code> ClientExchange::send(const Origin& origin, const Request& request) {
    auto& state = *state_;
    state.to_head = request.method == "HEAD";
    auto head = render_head(origin, request);
    state.write_error = co_await state.lease->write(head, request.body);
    if (state.write_error == asio::error::timed_out) co_return state.write_error;
    // After a failed write the peer's answer may still be there: it can refuse a body early and close.
    co_return error_code{};
}

Awaitable<Result<ResponseStream>> ClientExchange::read_head() {
    auto& state = *state_;
    ClientConnection& connection = *state.lease;
    connection.arm_head_timeout();
    auto response = co_await connection.read_head(state.to_head);
    for (int interim = 0; response && (*response)->status < 200 && (*response)->status != 101; ++interim) {
        if (interim == kMostInterim) co_return error_code(ClientErrc::BadResponse);
        response = co_await connection.read_head(state.to_head);
    }
    if (!response) {
        state.stale = connection.used_before() && !connection.response_begun() &&
                      response.error() != asio::error::timed_out &&
                      response.error() != asio::error::operation_aborted;
        co_return response.error();
    }
    if ((*response)->status == 101) co_return error_code(ClientErrc::BadResponse);
    if (state.write_error) connection.do_not_reuse();
    state.head = *response;
    co_return ResponseStream(std::move(state_));
}

bool ClientExchange::found_stale() const {
    return state_->stale;
}

void ClientExchange::abort() {
    if (state_) state_->lease->close();
}

class Client::Impl : public ConnectionPool {
  public:
    using ConnectionPool::ConnectionPool;
};

Client::Client(Loop& loop, ClientOptions options) : impl_(std::make_shared<Impl>(loop, std::move(options))) {}

Client::~Client() {
    impl_->close_idle();
}

std::shared_ptr<ConnectionPool> Client::pool() const {
    return impl_;
}

Awaitable<Result<ResponseStream>> Client::open(const Origin& origin, const Request& request) {
    if (!is_sendable(request)) co_return make_error_code(kNotSendable);
    auto pool = impl_;
    for (auto prefer = ConnectionPool::Prefer::Reused;; prefer = ConnectionPool::Prefer::Fresh) {
        auto lease = co_await pool->acquire(origin, prefer);
        if (!lease) co_return lease.error();
        ClientExchange exchange(std::move(*lease));
        if (auto error = co_await exchange.send(origin, request)) co_return error;
        auto response = co_await exchange.read_head();
        if (response) co_return std::move(*response);
        if (!exchange.found_stale() || prefer == ConnectionPool::Prefer::Fresh ||
            !is_idempotent(request.method))
            co_return response.error();
    }
}

Awaitable<Result<ClientExchange>> Client::connect(const Origin& origin) {
    auto pool = impl_;
    auto lease = co_await pool->acquire(origin);
    if (!lease) co_return lease.error();
    co_return ClientExchange(std::move(*lease));
}

std::optional<ClientExchange> Client::ready(const Origin& origin) {
    auto lease = impl_->acquire_idle(origin);
    if (!lease) return std::nullopt;
    return ClientExchange(std::move(lease));
}

Awaitable<Result<WholeResponse>> Client::send(const Origin& origin, const Request& request,
                                              std::uint64_t most_body) {
    auto response = co_await open(origin, request);
    if (!response) co_return response.error();
    WholeResponse whole;
    whole.status = response->head().status;
    for (const auto& field : response->head().fields.all()) whole.fields.add(field.name, field.value);
    auto body = co_await response->read_whole_body(most_body);
    if (!body) co_return body.error();
    whole.body = std::move(*body);
    co_return whole;
}

void Client::set_resolver_override(std::string host, const std::vector<std::string>& addresses) {
    stream::Addresses parsed;
    for (const auto& address : addresses) parsed.push_back(asio::ip::make_address(address));
    impl_->resolver().set_override(std::move(host), std::move(parsed));
}

}  // namespace seance::http
