#include "platform/images/registry_requests.hpp"

#include <fmt/format.h>

#include "core/base/version.hpp"

namespace seance::images {
namespace {

// Manifests are at most 4 MiB where registries agree on them; lists of tags come in pages.
constexpr std::uint64_t kMostAnswer = 8 << 20;
constexpr int kMostRedirects = 5;
// One 401 teaches the scheme, one more that a token has ended early.
constexpr int kMostLessons = 2;

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

RegistryRequests::RegistryRequests(http::Client& client, http::Origin origin, std::string host,
                                   Credentials credentials, remote::RetryOptions retry)
    : client_(client),
      origin_(std::move(origin)),
      host_(std::move(host)),
      retry_(retry),
      authenticator_(client, host_, std::move(credentials), retry) {}

Failure RegistryRequests::nonsense(std::string_view doing, std::string_view finding) const {
    return {FailureKind::Api, fmt::format("{}: {} {}", doing, host_, finding)};
}

Attempt<http::Url> RegistryRequests::resolve(const http::Url& base, std::string_view location,
                                             std::string_view doing) const {
    auto url = resolve_url(base, location);
    if (location.empty() || !url) return nonsense(doing, "gave no address to go on at");
    if (origin_.tls && !url->origin.tls)
        return nonsense(doing, "has TLS but sends on to " + url->origin.authority() +
                                   " without it; the proxy before it must say X-Forwarded-Proto: https");
    return *url;
}

Awaitable<Attempt<Outgoing>> RegistryRequests::prepare(const RegistryRequest& request, const http::Url& url) {
    Outgoing out;
    out.method = request.method;
    out.url = url;
    out.fields = request.fields;
    out.fields.set("User-Agent", fmt::format("seance/{}", built_commit()));
    out.body = request.body;
    out.on_sent = request.on_sent;
    out.repeatable = request.retried;
    if (url.origin == origin_) {
        auto authorization = co_await authenticator_.authorization(request.scopes);
        if (!authorization) co_return authorization.error();
        if (!authorization->empty()) out.fields.set("Authorization", authorization->reveal());
    }
    co_return out;
}

Awaitable<Attempt<http::WholeResponse>> RegistryRequests::send_once(const RegistryRequest& request) {
    auto url = request.url;
    int challenges = 0, redirects = 0;
    while (true) {
        auto outgoing = co_await prepare(request, url);
        if (!outgoing) co_return outgoing.error();
        auto answer = co_await transfer(client_, std::move(*outgoing), kMostAnswer);
        if (!answer) {
            Failure failure{FailureKind::Unreachable,
                            fmt::format("{}: {} did not answer: {}", request.doing, url.origin.authority(),
                                        answer.error().message())};
            co_return failure;
        }
        if (answer->status == 401 && url.origin == origin_ && challenges++ < kMostLessons &&
            authenticator_.learn(answer->fields, request.scopes))
            continue;
        if (!is_redirect(answer->status) || answer->fields.get("location").empty())
            co_return std::move(*answer);
        if (redirects++ == kMostRedirects) co_return nonsense(request.doing, "redirects without an end");
        auto next = resolve(url, answer->fields.get("location"), request.doing);
        if (!next) co_return next.error();
        url = std::move(*next);
    }
}

Awaitable<Attempt<http::WholeResponse>> RegistryRequests::send(RegistryRequest request) {
    for (remote::Backoff backoff(retry_);;) {
        auto answer = co_await send_once(request);
        bool passing = answer ? is_passing(answer->status) : answer.error().kind == FailureKind::Unreachable;
        if (!request.retried || !passing) co_return answer;
        if (!co_await remote::another_try(backoff, answer ? &answer->fields : nullptr)) co_return answer;
    }
}

}  // namespace seance::images
