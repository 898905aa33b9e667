#include "services/signaling/sync/replicas.hpp"

#include "core/base/id.hpp"
#include "services/signaling/sync/keys.hpp"

namespace seance::signaling::sync {
namespace {

// Of a payload: who sent it, then the message. Without a message: "read the log".
constexpr std::size_t kSender = 32;

// Valkey buffers what is published for each subscriber, and cuts off who has 32 MB waiting.
constexpr std::size_t kMostSpread = 256 << 10;

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
    pub_sub_.unsubscribe(channel);
}

void Replicas::spread(const std::string& room, std::string_view message) {
    auto payload = self_;
    if (message.size() <= kMostSpread) payload += message;
    pub_sub_.publish(valkey_name(prefix_, room, "news"), payload);
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
