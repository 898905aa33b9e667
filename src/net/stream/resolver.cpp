#include "net/stream/resolver.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <list>

#include "core/base/text.hpp"
#include "core/runtime/signal.hpp"
#include "net/stream/errors.hpp"

namespace seance::stream {
namespace {

constexpr Duration kFresh = std::chrono::seconds(30);
constexpr Duration kUsableWhileRefreshing = std::chrono::minutes(5);
constexpr Duration kUsableWithoutDns = std::chrono::hours(1);

struct Name {
    Addresses addresses;
    Instant answered{};
    bool pinned = false;
    bool asking = false;
    std::list<Signal*> waiters;
};

}  // namespace

Addresses interleave_families(const Addresses& addresses) {
    if (addresses.empty()) return {};
    Addresses same, other, result;
    for (const auto& address : addresses)
        (address.is_v6() == addresses[0].is_v6() ? same : other).push_back(address);
    for (std::size_t i = 0; i < std::max(same.size(), other.size()); ++i) {
        if (i < same.size()) result.push_back(same[i]);
        if (i < other.size()) result.push_back(other[i]);
    }
    return result;
}

Addresses addresses_without_dns(std::string_view host) {
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    error_code error;
    auto address = asio::ip::make_address(std::string(host), error);
    if (!error) return {address};
    // RFC 6761 section 6.3; glibc looks only plain "localhost" up by itself.
    if (iequals(host, "localhost") || lower(host).ends_with(".localhost"))
        return {asio::ip::address_v4::loopback(), asio::ip::address_v6::loopback()};
    return {};
}

struct Resolver::State : std::enable_shared_from_this<State> {
    explicit State(Executor e) : executor(e) {}

    // Runs on its own and keeps the state alive; a resolver that is gone just gets no more questions.
    static Awaitable<void> ask(std::shared_ptr<State> self, std::string host) {
        asio::ip::basic_resolver<asio::ip::tcp, Executor> dns{self->executor};
        auto [error, results] = co_await dns.async_resolve(host, "", kAwait);
        Name& name = self->names[host];
        name.asking = false;
        if (!error && !results.empty() && !name.pinned) {
            Addresses found;
            for (const auto& entry : results) {
                auto address = entry.endpoint().address();
                if (std::find(found.begin(), found.end(), address) == found.end()) found.push_back(address);
            }
            name.addresses = interleave_families(found);
            name.answered = Clock::now();
        }
        for (Signal* waiter : name.waiters) waiter->notify();
        name.waiters.clear();
    }

    void start_asking(const std::string& host, Name& name) {
        if (name.asking) return;
        name.asking = true;
        asio::co_spawn(executor, ask(shared_from_this(), host), asio::detached);
    }

    Executor executor;
    std::map<std::string, Name, std::less<>> names;
};

Resolver::Resolver(Executor executor) : state_(std::make_shared<State>(executor)) {}
Resolver::~Resolver() = default;

Awaitable<Result<Addresses>> Resolver::resolve(std::string host) {
    auto state = state_;
    auto known = state->names.find(host);
    if (known == state->names.end()) {
        auto addresses = addresses_without_dns(host);
        if (!addresses.empty()) co_return addresses;
    }
    Name& name = state->names[host];  // stays: names are never removed
    if (name.pinned) co_return name.addresses;
    Duration age = Clock::now() - name.answered;
    if (!name.addresses.empty() && age < kFresh) co_return name.addresses;
    state->start_asking(host, name);
    if (!name.addresses.empty() && age < kUsableWhileRefreshing) co_return name.addresses;

    Signal answered{state->executor};
    Signal* self = &answered;
    name.waiters.push_back(self);
    // Also taken off the list when this coroutine is destroyed while it waits.
    struct Leave {
        Name& name;
        Signal* signal;
        ~Leave() { name.waiters.remove(signal); }
    } leave{name, self};
    co_await answered.wait();
    if (!name.addresses.empty() && Clock::now() - name.answered < kUsableWithoutDns) co_return name.addresses;
    co_return error_code(Errc::NameNotFound);
}

bool Resolver::still_valid(std::string_view host, const asio::ip::address& address) const {
    auto known = state_->names.find(host);
    if (known == state_->names.end() || known->second.addresses.empty()) return true;
    Name& name = known->second;
    // In use: this is the moment to look whether the answer has to be renewed.
    if (!name.pinned && Clock::now() - name.answered >= kFresh) state_->start_asking(known->first, name);
    return std::find(name.addresses.begin(), name.addresses.end(), address) != name.addresses.end();
}

void Resolver::set_override(std::string host, Addresses addresses) {
    Name& name = state_->names[std::move(host)];
    name.addresses = std::move(addresses);
    name.pinned = true;
}

}  // namespace seance::stream
