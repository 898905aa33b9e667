#include "services/litellm/handlers/aws_roles.hpp"

#include <fmt/format.h>

#include "services/litellm/handlers/gateway.hpp"

namespace seance::litellm {
namespace {

constexpr Duration kLimit = std::chrono::seconds(10);
constexpr UnixMs kAnew = 5 * 60'000;  // so long before they expire, keys are asked for again
constexpr UnixMs kTooLate = 30'000;   // with less than this left they are of no use to a call
constexpr std::size_t kMostKept = 1000;
constexpr std::uint64_t kMostAnswer = 256 << 10;

std::string name_of(const AwsAccess& access) {
    auto& role = *access.role;
    return fmt::format("{}\n{}\n{}\n{}\n{}", role.arn, role.session_name, role.external_id, role.sts,
                       access.id.reveal());
}

std::shared_ptr<const Endpoint> with_keys(const Endpoint& endpoint, const LentKeys& lent) {
    auto own = std::make_shared<Endpoint>(endpoint);
    auto access = lent.access;
    access.region = endpoint.aws->region;
    own->aws = std::make_shared<const AwsAccess>(std::move(access));
    return own;
}

}  // namespace

Awaitable<Answer<std::shared_ptr<const Endpoint>>> AwsRoles::lend(Gateway& gateway,
                                                                  std::shared_ptr<CallScope> scope,
                                                                  std::shared_ptr<const Endpoint> endpoint) {
    if (!endpoint->aws || !endpoint->aws->role) co_return endpoint;
    auto& access = *endpoint->aws;
    auto name = name_of(access);
    auto kept = lent_.find(name);
    auto left = kept == lent_.end() ? 0 : kept->second.expires - unix_ms();
    if (left > kAnew) co_return with_keys(*endpoint, kept->second);
    auto& link = link_of(*endpoint, gateway.models()->config());
    auto call = assume_role_call(access, link, unix_ms() / 1000);
    if (!call) co_return call.error();
    scope->allow(kLimit);
    std::optional<Result<http::WholeResponse>> answer;
    bool whole = co_await scope->run(
        send_into(gateway.client(*link), call->url.origin, call->request, kMostAnswer, answer));
    ApiError failure = unreachable(
        *endpoint->provider,
        fmt::format("Amazon's STS at {} {}", call->url.origin.authority(),
                    answer && !*answer ? answer->error().message() : std::string("did not answer in time")));
    if (whole && answer && *answer) {
        auto lent = read_lent_keys((*answer)->status, (*answer)->body, access);
        if (lent) {
            auto now = unix_ms();
            if (lent_.size() >= kMostKept)
                std::erase_if(lent_, [now](auto& one) { return one.second.expires <= now; });
            auto lending = with_keys(*endpoint, *lent);
            if (lent_.size() < kMostKept) lent_.insert_or_assign(name, std::move(*lent));
            co_return lending;
        }
        failure = lent.error();
    }
    // What is there still serves; another call may have brought fresh ones meanwhile.
    kept = lent_.find(name);
    if (kept != lent_.end() && kept->second.expires - unix_ms() > kTooLate)
        co_return with_keys(*endpoint, kept->second);
    co_return failure;
}

}  // namespace seance::litellm
