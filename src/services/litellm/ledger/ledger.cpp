#include "services/litellm/ledger/ledger.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/base/hash.hpp"
#include "core/base/id.hpp"
#include "core/base/text.hpp"
#include "core/observe/log.hpp"
#include "core/runtime/wait.hpp"
#include "services/litellm/domain/access.hpp"
#include "services/litellm/domain/route_class.hpp"

namespace seance::litellm {
namespace {

constexpr std::size_t kMostKnown = 10'000;  // keys and customers that a loop remembers
constexpr int kMostReads = 3;               // of a key that changes while it is read

EntityPtr entity_in(const valkey::Reply& reply) {
    return reply.kind == valkey::Reply::Kind::Text ? read_entity(reply.text) : nullptr;
}

std::string version_in(const valkey::Reply& reply) {
    return reply.nil() ? "0" : reply.text;
}

}  // namespace

ApiError auth_error(std::string message, std::string type, std::optional<std::string> param) {
    return {.status = 401,
            .message = "Authentication Error, " + std::move(message),
            .type = std::move(type),
            .param = std::move(param)};
}

ApiError store_away() {
    return {.status = 503,
            .message =
                "The key store (Valkey) cannot be reached, so this request cannot be checked. Try again in a "
                "moment.",
            .type = "no_db_connection",
            .retry_after = std::chrono::seconds(1)};
}

UnixMs unix_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Ledger::Ledger(Loop& loop, const Settings& settings, std::shared_ptr<const ModelTable> models,
               std::shared_ptr<Alerts> alerts, bool first)
    : loop_(loop),
      settings_(settings),
      models_(std::move(models)),
      alerts_(std::move(alerts)),
      lease_timer_(loop.executor()) {
    auto& config = models_->config().ledger;
    cache_ = std::make_shared<AnswerCache>(loop, config.cache);
    if (!config.server) return;
    store_ = std::make_unique<Store>(loop, *config.server, config.deadline, config.patience);
    courier_ = std::make_shared<Courier>(loop, config, first);
}

void Ledger::start() {
    if (!courier_) return;
    courier_->start();
    asio::co_spawn(loop_.executor(), keep_leases(shared_from_this()), asio::detached);
}

Store* Ledger::patient_store() {
    constexpr auto kPatience = std::chrono::seconds(2);
    if (store_ && !patient_store_)
        patient_store_ = std::make_unique<Store>(loop_, *models_->config().ledger.server, kPatience);
    return patient_store_.get();
}

Awaitable<void> Ledger::drain() {
    closing_ = true;
    lease_timer_.cancel();
    if (courier_) co_await courier_->drain();
    while (running_ > 0) co_await sleep_for(std::chrono::milliseconds(1));
}

void Ledger::replace(std::shared_ptr<const ModelTable> models) {
    models_ = std::move(models);
    cache_->configure(models_->config().ledger.cache);
    if (courier_) courier_->configure(models_->config().ledger);
}

std::shared_ptr<const Ledger::Rules> Ledger::rules(const std::shared_ptr<const ModelTable>& models) {
    auto found = rules_.find(models.get());
    if (found != rules_.end()) return found->second.second;
    if (rules_.size() >= 2)  // the configuration before the last one
        std::erase_if(rules_, [&](auto& item) { return item.first != models_.get(); });
    auto& config = models->config();
    auto made = std::make_shared<const Rules>(
        Rules{PriceBook(config, config.ledger_prices), read_access_groups(config)});
    rules_.emplace(models.get(), std::pair(models, made));
    return made;
}

const PriceBook& Ledger::prices() {
    return rules(models_)->prices;
}

Failure Ledger::check_at_once(const http::RequestHead& head, bool& may_be_virtual) const {
    auto& config = models_->config();
    auto refused = check_key(config, find_key(head, config.key_header), settings_.loopback_only());
    may_be_virtual = refused && refused->type == "no_db_connection" && store_;
    return refused ? Failure(std::move(*refused)) : Failure();
}

Awaitable<Failure> Ledger::check_virtual(const http::RequestHead& head, std::string_view path) {
    auto& config = models_->config();
    auto key = *find_key(head, config.key_header);
    auto kind = class_of_route(head.method, path);
    auto fresh = kind == RouteClass::Inference ? Fresh::No : Fresh::Yes;
    std::string method(head.method), where(path);
    for (int tries = 0; tries < 2; ++tries) {
        auto caller = co_await identify(key, fresh);
        if (!caller) co_return caller.error();
        auto error = judge(*caller, method, where);
        if (!error) co_return std::nullopt;
        if (fresh == Fresh::Yes) co_return std::move(*error);
        // What is remembered may be out of date: it may admit, since that is checked again, but not refuse.
        fresh = Fresh::Yes;
    }
    co_return std::nullopt;
}

Awaitable<Answer<Caller>> Ledger::caller(const http::RequestHead& head) {
    const auto models = models_;  // held, as wherever Valkey is waited for: a reload lets go of it
    auto& config = models->config();
    auto refused = check_key(config, find_key(head, config.key_header), settings_.loopback_only());
    if (!refused) {
        Caller caller;
        caller.kind = config.master_key.empty() ? Caller::Kind::Open : Caller::Kind::Master;
        co_return caller;
    }
    Answer<Caller> known = *refused;
    if (refused->type == "no_db_connection" && store_)
        known = co_await identify(*find_key(head, config.key_header), Fresh::Yes);
    if (known || !is_public_route(config, path_below(settings_.root_path, head.path()))) co_return known;
    Caller anybody;
    anybody.nobody = true;
    co_return anybody;
}

bool Ledger::may_use(const Caller& caller, std::string_view model) {
    Ask ask;
    ask.model = model;
    return !judge_models(caller, ask, model, *rules(models_));
}

Awaitable<Result<Ledger::Known>> Ledger::read_caller(std::string hash, Duration limit) {
    Known known;
    known.read = Clock::now();
    known.caller.kind = Caller::Kind::Key;
    for (int tries = 0; tries < kMostReads; ++tries) {
        std::vector<std::string> words{"MGET", store_->key("version"), store_->record_key("key", hash)};
        auto first = co_await store_->command(std::move(words), limit);
        if (!first) co_return first.error();
        known.version = version_in(first->list.at(0));
        known.caller.key = entity_in(first->list.at(1));
        auto& key = known.caller.key;
        if (!key || (key->user_id.empty() && key->team_id.empty() && key->budget_id.empty())) co_return known;
        std::vector<std::string> more{
            "MGET", store_->key("version"), store_->record_key("user", key->user_id),
            store_->record_key("team", key->team_id), store_->record_key("budget", key->budget_id)};
        auto second = co_await store_->command(std::move(more), limit);
        if (!second) co_return second.error();
        known.caller.user = key->user_id.empty() ? nullptr : entity_in(second->list.at(1));
        known.caller.team = key->team_id.empty() ? nullptr : entity_in(second->list.at(2));
        if (!key->budget_id.empty()) key = with_budget(key, entity_in(second->list.at(3)));
        if (version_in(second->list.at(0)) == known.version) break;
    }
    co_return known;
}

Awaitable<Answer<Caller>> Ledger::identify(std::string key, Fresh fresh) {
    auto hash = sha256_hex(key);
    const auto models = models_;
    auto& config = models->config().ledger;
    auto found = known_.find(hash);
    bool young = found != known_.end() && Clock::now() - found->second.read < config.key_ttl;
    if (young && fresh == Fresh::No) co_return found->second.caller;
    const bool needs_answer = found == known_.end() && !config.serve_when_away;
    const auto limit = needs_answer ? config.patience : config.deadline;
    auto read = co_await read_caller(hash, limit);
    if (!read) {
        found = known_.find(hash);
        if (found != known_.end() && Clock::now() - found->second.read < config.key_ttl)
            co_return found->second.caller;
        if (!config.serve_when_away) co_return store_away();
        Caller unchecked;
        unchecked.kind = Caller::Kind::Unchecked;
        co_return unchecked;
    }
    if (!read->caller.key) {
        known_.erase(hash);
        co_return auth_error(
            "Invalid proxy server token passed. Unable to find token in cache or `LiteLLM_Verification"
            "TokenTable`",
            "token_not_found_in_db", "key");
    }
    if (known_.size() >= kMostKnown) known_.erase(known_.begin());
    auto caller = read->caller;
    known_.insert_or_assign(hash, std::move(*read));
    co_return caller;
}

Awaitable<EntityPtr> Ledger::find_customer(std::string id, Fresh fresh) {
    auto found = customers_.find(id);
    auto& config = models_->config().ledger;
    if (found != customers_.end() && fresh == Fresh::No && Clock::now() - found->second.read < config.key_ttl)
        co_return found->second.customer;
    std::vector<std::string> words{"MGET", store_->key("version"), store_->record_key("customer", id)};
    auto reply = co_await store_->command(std::move(words));
    if (!reply) {
        found = customers_.find(id);
        co_return found == customers_.end() ? nullptr : found->second.customer;
    }
    auto customer = entity_in(reply->list.at(1));
    if (customer && !customer->budget_id.empty()) {
        std::vector<std::string> more{"GET", store_->record_key("budget", customer->budget_id)};
        if (auto budget = co_await store_->command(std::move(more)))
            customer = with_budget(customer, entity_in(*budget));
    }
    if (customers_.size() >= kMostKnown) customers_.erase(customers_.begin());
    customers_.insert_or_assign(id, KnownCustomer{customer, version_in(reply->list.at(0)), Clock::now()});
    co_return customer;
}

std::optional<ApiError> Ledger::judge(const Caller& caller, std::string_view method,
                                      std::string_view path) const {
    bool limited = caller.kind == Caller::Kind::Key || caller.kind == Caller::Kind::Unchecked;
    if (limited && !caller.is_admin() && is_admin_route(models_->config(), path))
        return ApiError{.status = 403,
                        .message = fmt::format("user not allowed to access this route. Route={} is an admin "
                                               "only route",
                                               path),
                        .type = "auth_error"};
    if (caller.kind != Caller::Kind::Key) {
        if (caller.kind != Caller::Kind::Unchecked || class_of_route(method, path) == RouteClass::Inference)
            return std::nullopt;
        return store_away();
    }
    auto& key = *caller.key;
    if (key.expired(unix_ms()))
        return auth_error(fmt::format("Expired Key. Key Expiry time {} and current time {}",
                                      print_time(*key.expires), print_time(unix_ms())),
                          "expired_key", "key");
    if (key.blocked) return auth_error("Key is blocked. Update via `/key/unblock` if you're an admin.");
    if (caller.team && caller.team->blocked)
        return auth_error(fmt::format("Team={} is blocked. Update via `/team/unblock` if you're an admin.",
                                      caller.team->id));
    if (may_use_route(key, caller.is_admin(), method, path)) return std::nullopt;
    if (class_of_route(method, path) == RouteClass::Management && !caller.is_admin())
        return auth_error(
            fmt::format("Only proxy admin can be used to generate, delete, update info for new "
                        "keys/users/teams. Route={}. Use the master key, or the key of a user whose "
                        "user_role is proxy_admin.",
                        path));
    return ApiError{
        .status = 403,
        .message = fmt::format("Virtual key is not allowed to call this route. Only allowed to call "
                               "routes of its key_type or allowed_routes. Tried to call route: {}",
                               path),
        .type = "auth_error"};
}

// Leases of long calls do not run out while their process lives.
Awaitable<void> Ledger::keep_leases(std::shared_ptr<Ledger> self) {
    ++self->running_;
    while (!self->closing_) {
        auto lease = self->config().lease;
        self->lease_timer_.expires_after(lease / 3);
        co_await self->lease_timer_.async_wait(kAwait);
        if (self->closing_) break;
        std::vector<std::string> arguments{std::to_string(lease / std::chrono::milliseconds(1))};
        auto now = Clock::now();
        for (auto* admission : self->open_) {
            if (now - admission->started_ < lease / 4) continue;
            for (auto& purse : admission->plan_.purses) {
                if (!purse.limited()) continue;
                arguments.push_back(purse.id);
                arguments.push_back(admission->lease_);
                arguments.push_back(std::to_string(admission->reserved_));
            }
        }
        std::vector<std::string> no_keys;
        if (arguments.size() > 1)
            co_await self->store_->run(renew_script(), std::move(no_keys), std::move(arguments));
    }
    --self->running_;
}

}  // namespace seance::litellm
