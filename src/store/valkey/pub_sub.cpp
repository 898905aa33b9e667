#include "store/valkey/pub_sub.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <unordered_set>

#include "core/observe/log.hpp"
#include "core/runtime/signal.hpp"
#include "core/runtime/wait.hpp"
#include "store/valkey/slots.hpp"
#include "store/valkey/subscriber.hpp"

namespace seance::valkey {

// A server: in a cluster one of its masters. Its two connections come and go by themselves.
struct PubSubNode final : Subscriber::Listener {
    // What a node tells the whole; never from inside a call.
    class Whole {
      public:
        virtual void changed(PubSubNode& node) = 0;  // up() may be another
        virtual void subscribed(std::string_view channel) = 0;
        virtual void unsubscribed(PubSubNode& node) = 0;  // from all its channels
        virtual void arrived(std::string_view channel, std::string_view payload) = 0;
        virtual void refused() = 0;  // a publish that nobody asked about

      protected:
        ~Whole() = default;
    };

    PubSubNode(Loop& loop, const Address& where, Whole& whole, Channels channels,
               const ClientOptions& options)
        : whole_(whole), publisher(loop, where, options), subscriber(loop, where, *this, channels, options) {
        publisher.on_change([this](bool) { whole_.changed(*this); });
        publisher.on_refusal([this](const Reply&) { whole_.refused(); });
    }

    bool up() const { return subscriber.connected() && publisher.state().connected; }

  private:
    void on_connected() override { whole_.changed(*this); }
    void on_lost() override {
        whole_.unsubscribed(*this);
        whole_.changed(*this);
    }
    void on_moved(std::string_view) override {
        moved = true;
        whole_.changed(*this);
    }
    void on_subscribed(std::string_view channel) override { whole_.subscribed(channel); }
    void on_message(std::string_view channel, std::string_view payload) override {
        whole_.arrived(channel, payload);
    }

    Whole& whole_;

  public:
    Client publisher;
    Subscriber subscriber;
    bool moved = false;
};

class PubSub::Impl final : public std::enable_shared_from_this<Impl>, public PubSubNode::Whole {
  public:
    Impl(Loop& loop, Address address, Listener& listener, ClientOptions options)
        : loop_(loop),
          seeds_{std::move(address)},
          listener_(&listener),
          options_(options),
          rebuild_(loop.executor()) {}

    void start() {
        auto self = shared_from_this();
        asio::co_spawn(loop_.executor(), run(self),
                       asio::bind_cancellation_slot(stop_.slot(), [self](std::exception_ptr failure) {
                           if (failure && self->listener_)
                               observe::log(observe::Level::Error, "valkey_pub_sub_failed");
                       }));
    }
    void stop() {
        listener_ = nullptr;
        nodes_.clear();
        rebuild_.notify();
        stop_.emit(asio::cancellation_type::all);
    }

    bool open() const { return open_; }
    bool is_cluster() const { return cluster_; }

    void subscribe(std::string_view channel) {
        if (!channels_.emplace(channel).second) return;
        if (auto* node = node_of(channel)) node->subscriber.subscribe(channel);
    }
    void unsubscribe(std::string_view channel) {
        if (channels_.erase(std::string(channel)) == 0) return;
        confirmed_.erase(std::string(channel));
        if (auto* node = node_of(channel)) node->subscriber.unsubscribe(channel);
    }

    bool publish(std::string_view channel, std::string_view payload, OnReceivers on_receivers) {
        auto* node = node_of(channel);
        if (!node) return false;
        // In a cluster each answer matters: it may say that a slot has moved.
        if (!cluster_ && !on_receivers) {
            std::array<std::string_view, 3> command{"PUBLISH", channel, payload};
            return node->publisher.post_unanswered(command);
        }
        auto taken = [self = weak_from_this(),
                      on_receivers = std::move(on_receivers)](const Result<Reply>& reply) {
            bool carried_out = reply && reply->kind == Reply::Kind::Integer;
            if (on_receivers) on_receivers(carried_out ? reply->integer : -1);
            auto impl = self.lock();
            if (!impl || !reply || !reply->failed()) return;
            impl->refused();
            if (reply->text.starts_with("MOVED")) impl->ask_anew();
        };
        return node->publisher.post({cluster_ ? "SPUBLISH" : "PUBLISH", channel, payload}, std::move(taken));
    }

    static Awaitable<void> flush(std::shared_ptr<Impl> self) {
        for (std::size_t i = 0; i < self->nodes_.size(); ++i)
            if (self->nodes_[i]->up()) co_await self->nodes_[i]->publisher.command("PING");
    }

  private:
    PubSubNode* node_of(std::string_view channel) {
        if (nodes_.empty()) return nullptr;
        if (!cluster_) return nodes_[0].get();
        auto index = owners_[slot_of(channel)];
        return index < nodes_.size() ? nodes_[index].get() : nullptr;
    }

    // Finds out what is there, makes the connections, and begins again when the cluster has changed.
    static Awaitable<void> run(std::shared_ptr<Impl> self) {
        while (self->listener_) {
            bool found = co_await discover(self);
            if (!self->listener_) co_return;
            if (!found) {
                co_await sleep_for(self->options_.longest_retry / 2);
                continue;
            }
            self->build();
            co_await self->rebuild_.wait();
            if (!self->listener_) co_return;
            self->nodes_.clear();
            self->confirmed_.clear();
            self->refresh();
            // A failover takes its time; asking in a circle would not shorten it.
            co_await sleep_for(self->options_.first_retry * 2);
        }
    }

    static Awaitable<bool> discover(std::shared_ptr<Impl> self) {
        auto seeds = self->seeds_;
        for (std::size_t i = 0; i < seeds.size(); ++i) {
            if (!self->listener_) co_return false;
            Client client(self->loop_, seeds[i], self->options_);
            bool there = co_await client.wait_connected(self->options_.connect_timeout);
            if (!there) continue;
            auto reply = co_await client.command("CLUSTER", "SLOTS");
            if (!reply) continue;
            self->shards_ = reply->failed() ? std::vector<Shard>{} : read_shards(*reply, seeds[i]);
            self->cluster_ = !reply->failed();
            if (self->cluster_ && self->shards_.empty()) continue;  // still forming
            if (!self->cluster_) self->seeds_ = {seeds[i]};
            co_return true;
        }
        co_return false;
    }

    void build() {
        owners_.fill(UINT16_MAX);
        std::vector<Address> addresses;
        if (!cluster_) addresses = seeds_;
        for (std::size_t i = 0; i < shards_.size(); ++i) {
            addresses.push_back(shards_[i].master);
            for (auto range : shards_[i].slots)
                for (unsigned slot = range.first; slot <= range.last; ++slot)
                    owners_[slot] = static_cast<std::uint16_t>(i);
        }
        if (cluster_) {
            // The masters are asked first next time, and who was configured last, should all of them be gone.
            auto configured = seeds_.back();
            seeds_ = addresses;
            seeds_.push_back(configured);
        }
        for (const auto& address : addresses)
            nodes_.push_back(std::make_unique<PubSubNode>(
                loop_, address, *this, cluster_ ? Channels::Sharded : Channels::Plain, options_));
        for (const auto& channel : channels_)
            if (auto* node = node_of(channel)) node->subscriber.subscribe(channel);
        if (cluster_)
            observe::log(observe::Level::Info, "valkey_cluster_found")
                .field("masters", static_cast<std::uint64_t>(nodes_.size()));
    }

    // What may end a node happens after it has returned from here.
    void changed(PubSubNode& node) override {
        bool gone = cluster_ && open_ && !node.up();
        bool moved = std::exchange(node.moved, false);
        refresh();
        if (gone || moved) ask_anew();
    }
    void ask_anew() {
        if (cluster_) rebuild_.notify();
    }

    void refresh() {
        bool open = !nodes_.empty() &&
                    std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) { return node->up(); });
        if (open == open_ || !listener_) return;
        open_ = open;
        if (!open) return listener_->on_lost();
        listener_->on_open();
        for (const auto& channel : std::vector<std::string>(confirmed_.begin(), confirmed_.end()))
            if (confirmed_.contains(channel)) listener_->on_subscribed(channel);
    }

    // Told when what is published from here goes out too: until then it is kept.
    void subscribed(std::string_view channel) override {
        if (!channels_.contains(std::string(channel))) return;
        confirmed_.emplace(channel);
        if (open_ && listener_) listener_->on_subscribed(channel);
    }
    void unsubscribed(PubSubNode& node) override {
        std::erase_if(confirmed_, [&](const std::string& channel) { return node_of(channel) == &node; });
    }
    void arrived(std::string_view channel, std::string_view payload) override {
        if (listener_) listener_->on_message(channel, payload);
    }

    void refused() override {
        if (listener_) listener_->on_refused();
    }

    Loop& loop_;
    std::vector<Address> seeds_;
    Listener* listener_;  // none once stopped
    ClientOptions options_;
    Signal rebuild_;
    asio::cancellation_signal stop_;
    bool cluster_ = false, open_ = false;
    std::vector<Shard> shards_;
    std::vector<std::unique_ptr<PubSubNode>> nodes_;
    std::array<std::uint16_t, kSlots> owners_{};
    std::unordered_set<std::string> channels_;   // that are wanted
    std::unordered_set<std::string> confirmed_;  // of those, that are ours
};

PubSub::PubSub(Loop& loop, Address address, Listener& listener, ClientOptions options)
    : impl_(std::make_shared<Impl>(loop, std::move(address), listener, options)) {
    impl_->start();
}
PubSub::~PubSub() {
    impl_->stop();
}

bool PubSub::open() const {
    return impl_->open();
}
bool PubSub::is_cluster() const {
    return impl_->is_cluster();
}
void PubSub::subscribe(std::string_view channel) {
    impl_->subscribe(channel);
}
void PubSub::unsubscribe(std::string_view channel) {
    impl_->unsubscribe(channel);
}
bool PubSub::publish(std::string_view channel, std::string_view payload, OnReceivers on_receivers) {
    return impl_->publish(channel, payload, std::move(on_receivers));
}
Awaitable<void> PubSub::flush() {
    return Impl::flush(impl_);
}

}  // namespace seance::valkey
