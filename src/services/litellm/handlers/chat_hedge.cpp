#include <boost/asio/co_spawn.hpp>

#include "core/observe/log.hpp"
#include "core/runtime/signal.hpp"
#include "services/litellm/handlers/chat_call.hpp"

// Hedged requests: when the first deployment is slow to answer, a second is asked, and the first answer
// counts.
namespace seance::litellm {
namespace {

// One of the two on its way to the upstream's head.
struct Runner {
    bool started = false, ended = false;
    Failure failure;
};

}  // namespace

Awaitable<Failure> ChatCall::open_hedged(std::unique_ptr<Attempt>& attempt, Duration after) {
    if (scope_->client_gone()) co_return co_await open(*attempt);
    auto executor = gateway_.loop().executor();
    std::unique_ptr<Attempt> second;
    Runner first_runner, second_runner;
    auto moved = std::make_shared<Signal>(executor);  // a timer's late handler may outlive this frame
    auto start = [&](Attempt& one, Runner& runner) {
        one.scope = std::make_shared<CallScope>(executor);
        runner.started = true;
        asio::co_spawn(executor, open(one), [&](std::exception_ptr broken, Failure failure) {
            runner.ended = true;
            runner.failure = std::move(failure);
            if (broken) {
                observe::log(observe::Level::Error, "call_failed").field("reason", "an attempt threw");
                runner.failure = unreachable(*one.endpoint->provider, "internal failure");
            }
            moved->notify();
        });
    };
    // Both end with the client.
    auto end_both = [&] {
        if (attempt->scope != scope_) attempt->scope->end(CallScope::Ended::ClientGone);
        if (second) second->scope->end(CallScope::Ended::ClientGone);
    };
    scope_->allow_forever();
    start(*attempt, first_runner);
    scope_->on_end(end_both);
    Timer timer(executor, after);
    timer.async_wait([moved](error_code error) {
        if (!error) moved->notify();
    });
    bool late = false;
    while (true) {
        co_await moved->wait();
        bool first_won = first_runner.ended && !first_runner.failure;
        bool second_won = second_runner.ended && !second_runner.failure;
        if (first_won || second_won || scope_->client_gone()) break;
        if (first_runner.ended && (!second || second_runner.ended)) break;
        if (late || timer.expiry() > Clock::now()) continue;
        late = true;
        auto index = static_cast<std::size_t>(0);
        while (options_[index].deployment != attempt->deployment.get()) ++index;
        options_[index].failed_before = true;  // so that another is chosen if there is one
        Failure problem;
        auto other = pick(question(), problem);
        options_[index].failed_before = false;
        if (!other || other->index == index) continue;
        second = make_attempt(std::move(*other));
        decision_.attempt(second->deployment->id, true);
        start(*second, second_runner);
    }
    timer.cancel();
    scope_->on_end({});
    bool take_second = second && second_runner.ended && !second_runner.failure &&
                       !(first_runner.ended && !first_runner.failure);
    auto& loser = take_second ? attempt : second;
    // What lost is cut off, and gone before its frame is.
    if (loser) loser->scope->end(CallScope::Ended::ClientGone);
    while (!first_runner.ended || (second && !second_runner.ended)) co_await moved->wait();
    if (loser && !scope_->client_gone()) {
        // The upstream has read the prompt, whatever became of its answer.
        loser->usage.prompt = request_.prompt_estimate;
        count_usage(*loser);
    }
    auto failure = take_second ? Failure() : std::move(first_runner.failure);
    if (take_second) attempt = std::move(second);
    attempt->scope = scope_;
    co_return failure;
}

}  // namespace seance::litellm
