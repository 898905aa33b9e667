#include "net/proxy/reverse_proxy.hpp"

#include <fmt/format.h>

#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>

#include "core/base/elapsed.hpp"
#include "core/base/text.hpp"
#include "core/observe/log.hpp"
#include "core/runtime/wait.hpp"
#include "net/proxy/request_body.hpp"
#include "net/proxy/tunnel.hpp"

namespace seance::proxy {
namespace {

using http::ClientErrc;
using http::ConnectionPool;
using ResponseResult = Result<const http::ResponseHead*>;

constexpr Duration kStartRetryInterval = std::chrono::milliseconds(250);

bool is_idempotent(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
           method == "DELETE";
}

// While a body is being sent: what ends the other half. An answer ends the sending; a client that fails ends
// the waiting; an upstream that takes no more may still have answered.
struct EndOther {
    asio::cancellation_type_t operator()(std::exception_ptr failure, const RequestBody::Sent& sent) const {
        bool over = failure || sent.end == RequestBody::Sent::ClientFailed;
        return over ? asio::cancellation_type::all : asio::cancellation_type::none;
    }
    asio::cancellation_type_t operator()(std::exception_ptr, const ResponseResult&) const {
        return asio::cancellation_type::all;
    }
};

}  // namespace

// One request through the proxy.
class ReverseProxy::Forwarding {
  public:
    Forwarding(ReverseProxy& proxy, http::Exchange& exchange, const Upstream& upstream,
               const ForwardRules& rules)
        : pool_(*proxy.pool_),
          exchange_(exchange),
          upstream_(upstream),
          rules_(rules),
          body_(exchange),
          identity_(identify_client(exchange.peer_address(), exchange.head().fields, proxy.trusted_)) {}

    Awaitable<void> run() {
        if (is_loop(exchange_.head(), identity_, rules_.headers)) co_return fail(508);
        exchange_.request_id();
        if (!body_.streams() && body_.length().value_or(0) > 0)
            if (auto error = co_await body_.gather()) co_return fail(http::status_of_body_error(error));
        upgrade_ = exchange_.head().upgrades_to_websocket;
        auto head = co_await request_upstream();
        if (!head) co_return;  // answered
        log_outcome((*head).status);
        if ((*head).status == 101) co_return co_await tunnel(*head);
        if (upgrade_) exchange_.close_after();
        co_await answer(*head);
    }

  private:
    // What outlives the handler until the answer is written: the connection whose buffer holds the answer.
    struct Flight {
        http::Lease lease;
        bool client_gone = false;
    };

    // Sends the request and gives the head of the final response; nullptr after it has answered the client
    // itself.
    Awaitable<const http::ResponseHead*> request_upstream() {
        auto prefer = upgrade_ ? ConnectionPool::Prefer::Fresh : ConnectionPool::Prefer::Reused;
        const Instant began = started_;
        while (true) {
            auto lease = co_await pool_.acquire(upstream_.origin, prefer);
            if (!lease) {
                if (lease.error() == asio::error::connection_refused && rules_.wait_for_start > Duration{0}) {
                    auto method = exchange_.head().method;
                    bool waits =
                        (method == "GET" || method == "HEAD") && Clock::now() - began < rules_.wait_for_start;
                    if (waits) {
                        co_await sleep_for(kStartRetryInterval);
                        continue;
                    }
                    if (method != "GET" && method != "HEAD") {
                        fail(503);
                        co_return nullptr;
                    }
                }
                fail_upstream(lease.error());
                co_return nullptr;
            }
            flight_ = std::make_shared<Flight>();
            flight_->lease = std::move(*lease);
            auto& connection = *flight_->lease;
            write_head(connection);
            auto response =
                body_.streams() ? co_await send_streaming(connection) : co_await send_at_once(connection);
            if (response) co_return *response;
            if (exchange_answered_) co_return nullptr;
            auto error = response.error();
            if (may_repeat(connection, error, prefer)) {
                ++retries_;
                prefer = ConnectionPool::Prefer::Fresh;
                flight_.reset();
                continue;
            }
            fail_upstream(error);
            co_return nullptr;
        }
    }

    void write_head(http::ClientConnection& connection) {
        OutgoingRequest request{.head = exchange_.head(),
                                .authority = {},
                                .identity = identity_,
                                .request_id = exchange_.request_id(),
                                .content_length = body_.length(),
                                .chunked = exchange_.head().framing == http::Framing::Chunked,
                                .upgrade = upgrade_};
        std::string authority = upstream_.origin.authority();
        request.authority = authority;
        write_request_head(connection.text(), request, rules_.headers);
    }

    bool may_repeat(const http::ClientConnection& connection, const error_code& error,
                    ConnectionPool::Prefer prefer) const {
        if (prefer == ConnectionPool::Prefer::Fresh || flight_->client_gone || body_.streams()) return false;
        if (!connection.used_before() || connection.response_begun() || error == asio::error::timed_out)
            return false;
        auto method = exchange_.head().method;
        return is_idempotent(method) || (method == "POST" && rules_.repeat_posts);
    }

    Awaitable<ResponseResult> send_at_once(http::ClientConnection& connection) {
        // An upgrade's answer needs the client's socket untouched; otherwise a client that leaves ends the
        // request.
        bool watch = !upgrade_ && !(rules_.finish_without_client && exchange_.head().method == "POST");
        if (watch) watch_client();
        auto error = co_await connection.write(connection.text(), body_.bytes());
        if (error == asio::error::timed_out) co_return error;
        connection.arm_head_timeout();
        // Also after a failed write: the upstream may have refused the request before it closed.
        auto response = co_await final_head(connection);
        if (error && response) not_whole(connection);
        co_return response;
    }

    Awaitable<ResponseResult> send_streaming(http::ClientConnection& connection) {
        auto executor = pool_.loop().executor();
        auto [order, send_failure, sent, head_failure, response] =
            co_await asio::experimental::make_parallel_group(
                asio::co_spawn(executor, body_.stream(connection, connection.text()), asio::deferred),
                asio::co_spawn(executor, final_head(connection), asio::deferred))
                .async_wait(EndOther{}, asio::use_awaitable_t<Executor>{});
        bool whole = !send_failure && sent.end == RequestBody::Sent::Whole;
        if (!send_failure && sent.end == RequestBody::Sent::ClientFailed && order[0] == 0) {
            connection.close();
            fail(http::status_of_body_error(sent.error));
            co_return error_code(asio::error::operation_aborted);
        }
        if (head_failure) std::rethrow_exception(head_failure);
        if (!response && !whole && sent.error == asio::error::timed_out) co_return sent.error;
        if (response && !whole)
            not_whole(connection);
        else if (whole)
            watch_client();
        co_return response;
    }

    // The answer came before the whole request went out: neither connection can be used again.
    void not_whole(http::ClientConnection& connection) {
        connection.do_not_reuse();
        exchange_.close_after();
    }

    Awaitable<ResponseResult> final_head(http::ClientConnection& connection) {
        bool to_head = exchange_.head().method == "HEAD";
        for (int interim = 0; interim < http::kMostInterim; ++interim) {
            auto response = co_await connection.read_head(to_head);
            if (!response) co_return response;
            int status = (*response)->status;
            if (status >= 200) co_return response;
            if (status == 101) {
                if (upgrade_ && (*response)->fields.lists("upgrade", "websocket")) co_return response;
                break;
            }
            if (!body_.streams()) connection.arm_head_timeout();
            if (status == 100 || exchange_.head().minor_version == 0) continue;
            auto fields = response_fields(**response, rules_.headers);
            if (auto error = co_await exchange_.write_informational(status, fields)) co_return error;
        }
        co_return error_code(ClientErrc::BadResponse);
    }

    Awaitable<void> answer(const http::ResponseHead& head) {
        auto& connection = *flight_->lease;
        bool bodiless = exchange_.head().method == "HEAD" || head.status == 204 || head.status == 304;
        if (bodiless) co_return reply(head, {}, head.fields.find("content-length"));
        // Together in one write what came together; everything else goes on as it comes (edge.md 4).
        if (auto body = connection.take_whole_body())
            co_return reply(head, *body, std::to_string(body->size()));

        auto fields = response_fields(head, rules_.headers);
        std::optional<std::uint64_t> length;
        if (head.framing == http::Framing::Length) length = head.content_length;
        if (co_await exchange_.start(head.status, fields, length)) co_return;
        while (true) {
            auto piece = co_await connection.read_body();
            if (!piece) {
                observe::log(observe::Level::Warning, "upstream_body_failed")
                    .field("request_id", exchange_.request_id())
                    .field("reason", piece.error().message());
                co_return;  // without finish(): the client sees a cut, not an end
            }
            if (piece->empty()) break;
            if (co_await exchange_.write(*piece)) co_return;
        }
        co_await exchange_.finish();
    }

    void reply(const http::ResponseHead& head, std::string_view body,
               std::optional<std::string_view> length) {
        auto& text = flight_->lease->text();
        write_response_head(text, head, rules_.headers);
        if (length && head.status != 204) text.append("Content-Length: ").append(*length).append("\r\n");
        exchange_.reply(http::PreparedResponse{head.status, text, body, flight_});
    }

    Awaitable<void> tunnel(const http::ResponseHead& head) {
        auto& connection = *flight_->lease;
        std::string to_client;
        write_switching_head(to_client, head, rules_.headers, exchange_.request_id());
        auto client = exchange_.take_over();
        co_await run_tunnel(pool_.loop(), std::move(client), connection, std::move(to_client),
                            rules_.tunnel_idle);
    }

    void watch_client() {
        exchange_.on_disconnect([flight = std::weak_ptr<Flight>(flight_)] {
            auto alive = flight.lock();
            if (!alive) return;
            alive->client_gone = true;
            alive->lease->close();
        });
    }

    void fail_upstream(const error_code& error) {
        if (!flight_ || !flight_->client_gone)
            observe::log(observe::Level::Warning, "upstream_failed")
                .field("request_id", exchange_.request_id())
                .field("upstream", upstream_.origin.host)
                .field("reason", error.message());
        if (error == ClientErrc::PoolExhausted) return fail(503);
        fail(error == asio::error::timed_out ? 504 : 502);
    }

    void fail(int status) {
        log_outcome(0);
        auto page = rules_.error_page ? rules_.error_page(exchange_, status)
                                      : http::error_page(status, exchange_.request_id());
        if (status == 503) page.fields.set("Retry-After", "1");
        exchange_answered_ = true;
        exchange_.reply(std::move(page));
    }

    void log_outcome(int status) {
        if (std::exchange(logged_, true) || !exchange_.is_logged()) return;
        double ms = ms_since(started_);
        std::string json;
        if (status > 0) json = fmt::format(",\"upstream_status\":{},\"upstream_ms\":{:.3f}", status, ms);
        if (retries_ > 0) json += fmt::format(",\"retries\":{}", retries_);
        if (identity_.client != exchange_.peer_address()) {
            json += ",\"forwarded_client\":";
            observe::append_json_string(json,
                                        rules_.mask_log ? mask_address(identity_.client) : identity_.client);
        }
        exchange_.log_fields(std::move(json));
    }

    ConnectionPool& pool_;
    http::Exchange& exchange_;
    const Upstream& upstream_;
    const ForwardRules& rules_;
    RequestBody body_;
    ClientIdentity identity_;
    std::shared_ptr<Flight> flight_;
    Instant started_ = Clock::now();
    int retries_ = 0;
    bool upgrade_ = false, exchange_answered_ = false, logged_ = false;
};

Awaitable<void> ReverseProxy::forward(http::Exchange& exchange, const Upstream& upstream,
                                      const ForwardRules& rules) {
    Forwarding forwarding(*this, exchange, upstream, rules);
    co_await forwarding.run();
}

}  // namespace seance::proxy
