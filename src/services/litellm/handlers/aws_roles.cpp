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

ApiError no_answer(const Endpoint& endpoint, const std::string& what) {
    return unreachable(*endpoint.provider, "Amazon's STS " + what);
}

Awaitable<void> wait_for(std::shared_ptr<Signal> signal) {
    co_await signal->wait();
}

}  // namespace

// A question from its entry to its end, whatever ends it.
class AwsRoles::Asking {
  public:
    Asking(std::shared_ptr<Questions> all, std::string name) : all_(std::move(all)), name_(std::move(name)) {
        all_->emplace(name_, question_);
    }
    ~Asking() {
        all_->erase(name_);
        for (auto& one : question_->waiting) one->notify();
    }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;

    void failed(const ApiError& failure) { question_->failure = failure; }

  private:
    std::shared_ptr<Questions> all_;
    std::string name_;
    std::shared_ptr<Question> question_ = std::make_shared<Question>();
};

Awaitable<Answer<std::shared_ptr<const Endpoint>>> AwsRoles::lend(Gateway& gateway,
                                                                  std::shared_ptr<CallScope> scope,
                                                                  std::shared_ptr<const Endpoint> endpoint) {
    if (!endpoint->aws || !endpoint->aws->role) co_return endpoint;
    auto name = name_of(*endpoint->aws);
    auto executor = co_await asio::this_coro::executor;
    bool waited = false;
    for (;;) {
        auto kept = lent_.find(name);
        auto left = kept == lent_.end() ? 0 : kept->second.expires - unix_ms();
        auto other = questions_->find(name);
        if (left > kAnew || (left > kTooLate && other != questions_->end()))
            co_return with_keys(*endpoint, kept->second);
        if (!std::exchange(waited, true)) scope->allow(kLimit);
        if (other == questions_->end()) break;
        auto question = other->second;
        auto woken = std::make_shared<Signal>(executor);
        question->waiting.push_back(woken);
        if (!co_await scope->run(wait_for(woken))) co_return no_answer(*endpoint, "did not answer in time");
        if (question->failure) co_return *question->failure;
    }

    Asking asking(questions_, name);
    auto lent = co_await ask(gateway, scope, endpoint);
    if (lent) {
        auto now = unix_ms();
        if (lent_.size() >= kMostKept)
            std::erase_if(lent_, [now](auto& one) { return one.second.expires <= now; });
        if (lent_.size() < kMostKept) lent_.insert_or_assign(name, *lent);
        co_return with_keys(*endpoint, *lent);
    }
    // What is there still serves.
    auto kept = lent_.find(name);
    if (kept != lent_.end() && kept->second.expires - unix_ms() > kTooLate)
        co_return with_keys(*endpoint, kept->second);
    // Of a call whose client has left the others learn nothing: one of them asks again.
    if (!scope->client_gone()) asking.failed(lent.error());
    co_return lent.error();
}

Awaitable<Answer<LentKeys>> AwsRoles::ask(Gateway& gateway, std::shared_ptr<CallScope> scope,
                                          std::shared_ptr<const Endpoint> endpoint) {
    auto& access = *endpoint->aws;
    auto& link = link_of(*endpoint, gateway.models()->config());
    auto call = assume_role_call(access, link, unix_ms() / 1000);
    if (!call) co_return call.error();
    std::optional<Result<http::WholeResponse>> answer;
    bool whole = co_await scope->run(
        send_into(gateway.client(*link), call->url.origin, call->request, kMostAnswer, answer));
    if (whole && answer && *answer) co_return read_lent_keys((*answer)->status, (*answer)->body, access);
    co_return no_answer(*endpoint, fmt::format("at {} {}", call->url.origin.authority(),
                                               answer && !*answer ? answer->error().message()
                                                                  : std::string("did not answer in time")));
}

}  // namespace seance::litellm
