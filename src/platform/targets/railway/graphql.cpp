#include "platform/targets/railway/graphql.hpp"

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>

#include "core/base/version.hpp"
#include "core/runtime/wait.hpp"
#include "platform/remote/json_view.hpp"

namespace seance::railway {
namespace {

using Again = Judgement::Again;
using Data = boost::json::object;

// A large project's whole environment stays far below.
constexpr std::uint64_t kMostAnswer = 32 << 20;

std::string agent() {
    return fmt::format("seance/{}", built_commit());
}

http::Url checked(const std::string& endpoint) {
    auto url = http::parse_url(endpoint);
    if (!url) throw std::invalid_argument(fmt::format("{} is not an http:// or https:// address", endpoint));
    return *url;
}

http::ClientOptions client_options(const GraphqlOptions& options) {
    http::ClientOptions out;
    out.connect_timeout = std::chrono::seconds(10);
    // The deadline of the whole call decides; these are only for what it does not see.
    out.head_timeout = out.body_timeout = options.timeout + std::chrono::seconds(5);
    out.ca_file = options.ca_file;
    if (!options.ca_file.empty() && !std::ifstream(options.ca_file))
        throw std::runtime_error(fmt::format("the certificates in {} cannot be read", options.ca_file));
    return out;
}

// A change that must not happen twice takes no connection that may be dead already.
http::ClientOptions fresh_options(const GraphqlOptions& options) {
    auto out = client_options(options);
    out.max_idle = 0;
    return out;
}

bool is_sendable(const std::string& token) {
    return !token.empty() &&
           std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

class Graphql::Impl {
  public:
    Impl(Loop& l, Credential c, GraphqlOptions o)
        : loop(l),
          credential(std::move(c)),
          options(std::move(o)),
          url(checked(options.endpoint)),
          pooled(l, client_options(options)),
          fresh(l, fresh_options(options)) {
        url.target += url.target.find('?') == std::string::npos ? "?source=seance" : "&source=seance";
    }

    http::Fields identity(TokenKind kind) const {
        http::Fields fields;
        fields.add("User-Agent", agent());
        fields.add("x-source", agent());
        const auto& token = credential.token.reveal();
        if (kind == TokenKind::Project)
            fields.add("Project-Access-Token", token);
        else
            fields.add("Authorization", "Bearer " + token);
        return fields;
    }

    Awaitable<Judgement> attempt(TokenKind kind, const Call& call) {
        http::Request request;
        request.method = "POST";
        request.target = url.target;
        request.fields = identity(kind);
        request.fields.add("Content-Type", "application/json");
        request.fields.add("Accept", "application/json");
        Data body;
        body["query"] = call.document.text;
        body["variables"] = call.variables;
        body["operationName"] = call.document.name;
        request.body = boost::json::serialize(body);

        auto& client = call.idempotent == Idempotent::Yes ? pooled : fresh;
        auto work = client.send(url.origin, request, kMostAnswer);
        auto answer = co_await with_deadline<http::WholeResponse>(options.timeout, std::move(work));
        if (!answer) co_return not_reached(call, answer.error());
        auto now = std::chrono::system_clock::now();
        limit = read_rate_limit(answer->fields, now);
        auto hidden = call.hidden;
        hidden.push_back(credential.token);
        co_return judge(*answer, call.document.name, kind, hidden, now);
    }

    // Waits while the last answer said that no call is left, if that is not for too long.
    Awaitable<void> await_turn() {
        if (limit.remaining != 0 || !limit.resets_at) co_return;
        Duration left = *limit.resets_at - std::chrono::system_clock::now();
        limit.remaining.reset();
        if (left > Duration(0) && left <= options.retry.longest_wait)
            co_await remote::pause(left, options.retry.backoff_scale);
    }

    Judgement not_reached(const Call& call, error_code error) const {
        Judgement out;
        out.again = Again::AsOften;
        out.not_executed = remote::was_never_sent(error);
        out.unclear = !out.not_executed;
        out.failure.kind = FailureKind::Unreachable;
        auto why = error == asio::error::timed_out
                       ? fmt::format("no answer within {}", print_duration(options.timeout))
                       : error.message();
        out.failure.what = fmt::format("Railway at {} did not answer {}: {}", url.origin.authority(),
                                       call.document.name, why);
        return out;
    }

    Loop& loop;
    Credential credential;
    GraphqlOptions options;
    http::Url url;
    RateLimit limit;
    http::Client pooled, fresh;
};

Graphql::Graphql(Loop& loop, Credential credential, GraphqlOptions options)
    : impl_(std::make_unique<Impl>(loop, std::move(credential), std::move(options))) {}
Graphql::~Graphql() = default;

Awaitable<Reply<Data>> Graphql::send(Call call) {
    if (!is_sendable(impl_->credential.token.reveal())) {
        Failure failure;
        failure.kind = FailureKind::Auth;
        failure.what = fmt::format("{} is empty or holds characters that no token has",
                                   describe(impl_->credential.kind));
        co_return failure;
    }
    remote::Backoff backoff(impl_->options.retry);
    bool lost = false, tried_once_more = false;
    while (true) {
        co_await impl_->await_turn();
        auto judgement = co_await impl_->attempt(impl_->credential.kind, call);
        if (judgement.data) co_return std::move(*judgement.data);
        bool again =
            judgement.again == Again::AsOften || (judgement.again == Again::Once && !tried_once_more);
        if (judgement.again == Again::Once) tried_once_more = true;
        if (call.idempotent == Idempotent::No && !judgement.not_executed) again = false;
        auto pause = again ? backoff.next(judgement.wait) : std::nullopt;
        if (!pause) {
            auto failure = std::move(judgement.failure);
            failure.an_answer_was_lost = lost;
            if (backoff.tries() > 1) failure.what += fmt::format(" ({} tries)", backoff.tries());
            if (judgement.unclear && call.idempotent == Idempotent::No) {
                failure.kind = FailureKind::Unreachable;
                failure.what += "; whether it was done is not known: look before trying again";
            }
            co_return failure;
        }
        lost = lost || judgement.unclear;
        co_await remote::pause(*pause, impl_->options.retry.backoff_scale);
    }
}

Awaitable<Reply<Data>> Graphql::send_as(TokenKind kind, Call call) {
    auto judgement = co_await impl_->attempt(kind, call);
    if (judgement.data) co_return std::move(*judgement.data);
    co_return std::move(judgement.failure);
}

Loop& Graphql::loop() const {
    return impl_->loop;
}
const Credential& Graphql::credential() const {
    return impl_->credential;
}
const GraphqlOptions& Graphql::options() const {
    return impl_->options;
}
void Graphql::set_kind(TokenKind kind) {
    impl_->credential.kind = kind;
}
const RateLimit& Graphql::rate_limit() const {
    return impl_->limit;
}

std::string Graphql::websocket_url() const {
    const auto& url = impl_->url;
    return fmt::format("{}://{}{}", url.origin.tls ? "wss" : "ws", url.origin.authority(), url.target);
}

http::Fields Graphql::identity() const {
    return impl_->identity(impl_->credential.kind);
}

}  // namespace seance::railway
