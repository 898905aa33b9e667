#include "services/signaling/sync/replicas.hpp"

#include <utility>

#include "core/base/id.hpp"
#include "services/signaling/sync/keys.hpp"

namespace seance::signaling::sync {
namespace {

// Of a payload: who sent it, then the message. Without a message: "read the log".
constexpr std::size_t kSender = 32;

// Valkey buffers what is published for each subscriber, and cuts off who has 32 MB waiting.
constexpr std::size_t kMostSpread = 256 << 10;

// Rooms of which others have not heard all are remembered after their end as well, up to so many.
constexpr std::size_t kMostBehind = 10'000;

}  // namespace

Replicas::Replicas(Loop& loop, const valkey::Address& address, std::string prefix, Owner& owner)
    : prefix_(std::move(prefix)), self_(random_id()), owner_(owner), pub_sub_(loop, address, *this) {}

void Replicas::open(const std::string& room) {
    auto channel = valkey_name(prefix_, room, "news");
    rooms_[channel] = room;
    pub_sub_.subscribe(channel);
}

void Replicas::close(const std::string& room) {
    auto channel = valkey_name(prefix_, room, "news");
    rooms_.erase(channel);
    if (behind_.size() > kMostBehind) behind_.erase(channel);
    pub_sub_.unsubscribe(channel);
}

void Replicas::spread(const std::string& room, std::string_view message) {
    auto payload = self_;
    if (message.size() <= kMostSpread) payload += message;
    const auto channel = valkey_name(prefix_, room, "news");
    const bool behind = behind_.erase(channel) > 0;
    tell(channel, payload);
    if (behind) tell(channel, self_);
}

void Replicas::tell(const std::string& channel, std::string_view payload) {
    auto outcome = [this, channel](std::int64_t receivers) {
        if (receivers < 0) behind_.insert(channel);
    };
    if (!pub_sub_.publish(channel, payload, outcome)) behind_.insert(channel);
}

// Who wrote to the log before it could publish again: another replica may have read the log between the two.
void Replicas::on_open() {
    for (const auto& channel : std::exchange(behind_, {})) tell(channel, self_);
}

void Replicas::on_subscribed(std::string_view channel) {
    if (auto at = rooms_.find(std::string(channel)); at != rooms_.end()) owner_.on_listening(at->second);
}

void Replicas::on_message(std::string_view channel, std::string_view payload) {
    auto at = rooms_.find(std::string(channel));
    if (at == rooms_.end() || payload.size() < kSender || payload.starts_with(self_)) return;
    payload.remove_prefix(kSender);
    if (payload.empty())
        owner_.on_more_in_log(at->second);
    else
        owner_.on_message(at->second, payload);
}

}  // namespace seance::signaling::sync
