#include "platform/images/authenticator.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "core/base/base64.hpp"
#include "core/base/text.hpp"
#include "platform/images/registry_errors.hpp"
#include "platform/images/transfer.hpp"

namespace seance::images {
namespace {

constexpr std::uint64_t kMostTokenAnswer = 256 * 1024;
constexpr std::int64_t kDefaultLifetime = 60, kLongestLifetime = 3600;
constexpr std::size_t kMostScopes = 16;

std::string basic(const Credentials& credentials) {
    return "Basic " + base64_encode(credentials.user + ':' + credentials.password.reveal());
}

}  // namespace

bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "::1" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

Duration usable_time(std::optional<std::int64_t> expires_in) {
    auto seconds = std::clamp<std::int64_t>(expires_in.value_or(kDefaultLifetime), 0, kLongestLifetime);
    return std::chrono::seconds(seconds - std::min<std::int64_t>(seconds / 4, 30));
}

Authenticator::Authenticator(http::Client& client, std::string host, Credentials credentials,
                             remote::RetryOptions retry)
    : client_(client), host_(std::move(host)), credentials_(std::move(credentials)), retry_(retry) {}

std::string Authenticator::who() const {
    if (credentials_.empty()) return "nobody is signed in";
    auto from = credentials_.origin.empty() ? "" : fmt::format(" (from {})", credentials_.origin);
    if (!credentials_.identity_token.empty()) return "the identity token" + from;
    return fmt::format("user \"{}\"{}", credentials_.user, from);
}

bool Authenticator::learn(const http::Fields& answer, const Scopes& scopes) {
    const Challenge *bearer = nullptr, *basic = nullptr;
    std::vector<Challenge> challenges;
    for (const auto& [name, value] : answer.all())
        if (iequals(name, "www-authenticate"))
            for (auto& challenge : parse_challenges(value)) challenges.push_back(std::move(challenge));
    for (const auto& challenge : challenges) {
        if (challenge.scheme == "bearer" && !bearer) bearer = &challenge;
        if (challenge.scheme == "basic" && !basic) basic = &challenge;
    }
    if (!bearer) {
        if (!basic || scheme_ == Scheme::Basic || credentials_.password.empty()) return false;
        scheme_ = Scheme::Basic;
        return true;
    }
    auto parameter = [bearer](const char* name) {
        auto found = bearer->parameters.find(name);
        return found == bearer->parameters.end() ? std::string() : found->second;
    };
    scheme_ = Scheme::Bearer;
    realm_ = parameter("realm");
    service_ = parameter("service");
    const auto demanded = parameter("scope");
    for (auto scope : split(demanded, ' '))
        if (!scope.empty() && !scopes.contains(std::string(scope)) && demanded_.size() < kMostScopes)
            demanded_.emplace(scope);
    tokens_.clear();  // the one that was used is not good any more, whatever it promised
    return true;
}

Awaitable<Attempt<SecretText>> Authenticator::authorization(Scopes scopes) {
    if (scheme_ == Scheme::None) co_return SecretText();
    if (scheme_ == Scheme::Basic) co_return SecretText(basic(credentials_));
    scopes.insert(demanded_.begin(), demanded_.end());
    auto held = tokens_.find(scopes);
    if (held == tokens_.end() || Clock::now() >= held->second.renew_at) {
        auto token = co_await fetch(scopes);
        if (!token) co_return token.error();
        held = tokens_.insert_or_assign(scopes, std::move(*token)).first;
    }
    co_return SecretText("Bearer " + held->second.value.reveal());
}

Attempt<http::Url> Authenticator::realm_url() const {
    auto url = http::parse_url(realm_);
    if (!url)
        return Failure{FailureKind::Api,
                       fmt::format("{} asks for a token without saying where to get one", host_)};
    if (!url->origin.tls && !is_loopback(url->origin.host))
        return Failure{FailureKind::Auth,
                       fmt::format("{} sends to {} for a token, without TLS; credentials are not sent there",
                                   host_, url->origin.authority())};
    return *url;
}

Awaitable<Attempt<Authenticator::Token>> Authenticator::fetch(const Scopes& scopes) {
    auto url = realm_url();
    if (!url) co_return url.error();
    Outgoing request;
    request.url = *url;
    request.fields.add("Accept", "application/json");
    std::string form;
    if (credentials_.identity_token.empty()) {
        request.url.target = with_query(std::move(request.url.target), "service", service_);
        for (const auto& scope : scopes)
            request.url.target = with_query(std::move(request.url.target), "scope", scope);
        if (!credentials_.empty()) {
            request.url.target = with_query(std::move(request.url.target), "account", credentials_.user);
            request.fields.add("Authorization", basic(credentials_));
        }
    } else {
        std::string all;
        for (const auto& scope : scopes) all += (all.empty() ? "" : " ") + scope;
        form = fmt::format("grant_type=refresh_token&client_id=seance&service={}&scope={}&refresh_token={}",
                           http::percent_encode(service_), http::percent_encode(all),
                           http::percent_encode(credentials_.identity_token.reveal()));
        request.method = "POST";
        request.fields.add("Content-Type", "application/x-www-form-urlencoded");
        request.body = form;
    }
    const auto host = url->origin.authority();
    for (remote::Backoff backoff(retry_);;) {
        const auto asked_at = Clock::now();
        auto answer = co_await transfer(client_, request, kMostTokenAnswer);
        if (!answer || is_passing(answer->status)) {
            if (co_await remote::another_try(backoff, answer ? &answer->fields : nullptr)) continue;
            Failure failure{
                FailureKind::Unreachable,
                fmt::format("the token server {} of {} did not answer: {}", host, host_,
                            answer ? fmt::format("HTTP {}", answer->status) : answer.error().message())};
            co_return failure;
        }
        if (answer->status != 200) co_return explain(*answer, "getting a token from " + host, host_, who());
        error_code error;
        auto document = boost::json::parse(answer->body, error);
        const auto* object = error ? nullptr : document.if_object();
        Token token;
        for (const char* name : {"token", "access_token"}) {
            const auto* value = object ? object->if_contains(name) : nullptr;
            if (value && value->is_string() && token.value.empty())
                token.value = SecretText(value->as_string().c_str());
        }
        if (token.value.empty()) {
            Failure failure{FailureKind::Api,
                            fmt::format("the token server {} of {} gave no token", host, host_)};
            co_return failure;
        }
        std::optional<std::int64_t> lifetime;
        if (const auto* value = object->if_contains("expires_in"); value && value->is_number()) {
            error_code ignored;
            lifetime = value->to_number<std::int64_t>(ignored);
            if (ignored) lifetime.reset();
        }
        token.renew_at = asked_at + usable_time(lifetime);
        co_return token;
    }
}

}  // namespace seance::images
