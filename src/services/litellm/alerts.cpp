#include "services/litellm/alerts.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <mutex>

#include "core/observe/log.hpp"
#include "core/runtime/wait.hpp"
#include "services/litellm/domain/json_text.hpp"
#include "services/litellm/handlers/call_scope.hpp"

namespace seance::litellm {
namespace {

constexpr std::size_t kMostQueued = 100, kMostRemembered = 10'000;
constexpr Duration kSilence = std::chrono::hours(1), kLimit = std::chrono::seconds(10);
constexpr Duration kAtTheEnd = std::chrono::seconds(2);
constexpr std::uint64_t kMostAnswer = 64 << 10;

// What the process has told lately; alerts are few, so a lock is in nobody's way.
bool is_news(const std::string& subject) {
    static std::mutex mutex;
    static std::map<std::string, Instant> told;
    std::lock_guard lock(mutex);
    auto now = Clock::now();
    if (auto before = told.find(subject); before != told.end() && now - before->second < kSilence)
        return false;
    if (told.size() >= kMostRemembered)
        std::erase_if(told, [now](auto& one) { return now - one.second >= kSilence; });
    if (told.size() >= kMostRemembered) return false;
    told[subject] = now;
    return true;
}

}  // namespace

bool Alerts::is_due(const Config& config, std::string_view kind, std::string_view subject) const {
    return !closing_ && config.alerts.contains(kind) && is_news(fmt::format("{}\n{}", kind, subject));
}

void Alerts::queue(const Config& config, std::string_view kind, const std::string& text) {
    for (auto& url : config.alerts.find(kind)->second) {
        if (queue_.size() >= kMostQueued) {
            observe::log(observe::Level::Warning, "alert_dropped").field("kind", kind);
            return;
        }
        queue_.push_back({std::string(kind), text, url, config.link});
    }
    if (std::exchange(sending_, true)) return;
    asio::co_spawn(loop_.executor(), send_all(shared_from_this()), asio::detached);
}

Awaitable<void> Alerts::send_all(std::shared_ptr<Alerts> self) {
    while (!self->queue_.empty()) {
        auto message = std::move(self->queue_.front());
        self->queue_.pop_front();
        co_await self->send(message);
    }
    self->sending_ = false;
}

Awaitable<void> Alerts::send(const Message& message) {
    auto url = http::parse_url(message.url.reveal());
    http::Request request;
    request.method = "POST";
    request.target = url->target;
    request.fields.set("Content-Type", "application/json");
    request.body = fmt::format("{{\"text\":{}}}", json_quote(message.text));
    auto scope = std::make_shared<CallScope>(loop_.executor());
    scope->allow(kLimit);
    std::optional<Result<http::WholeResponse>> answer;
    bool whole =
        co_await scope->run(send_into(clients_.of(*message.link), url->origin, request, kMostAnswer, answer));
    auto reason = !whole || !answer ? std::string("no answer in time")
                  : !*answer        ? answer->error().message()
                                    : fmt::format("status {}", (*answer)->status);
    if (whole && answer && *answer && (*answer)->status >= 200 && (*answer)->status < 300) co_return;
    observe::log(observe::Level::Warning, "alert_failed")
        .field("kind", message.kind)
        .field("host", url->origin.authority())
        .field("reason", reason);
}

Awaitable<void> Alerts::drain() {
    closing_ = true;
    auto end = Clock::now() + kAtTheEnd;
    while (sending_ && Clock::now() < end) co_await sleep_for(std::chrono::milliseconds(5));
}

}  // namespace seance::litellm
