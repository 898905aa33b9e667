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

ApiError auth_error(std::string message, std::string type = "auth_error",
                    std::optional<std::string> param = std::nullopt) {
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

std::string version_key() {
    return std::string(kPrefix) + "version";
}

EntityPtr entity_in(const valkey::Reply& reply) {
    return reply.kind == valkey::Reply::Kind::Text ? read_entity(reply.text) : nullptr;
}

std::string version_in(const valkey::Reply& reply) {
    return reply.nil() ? "0" : reply.text;
}

}  // namespace

UnixMs unix_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

std::string record_key(std::string_view kind, std::string_view id) {
    return fmt::format("{}{}:{}", kPrefix, kind, id);
}

Ledger::Ledger(Loop& loop, const Settings& settings, std::shared_ptr<const ModelTable> models, bool first)
    : loop_(loop), settings_(settings), models_(std::move(models)), lease_timer_(loop.executor()) {
    auto& config = models_->config().ledger;
    cache_ = std::make_shared<AnswerCache>(loop, config.cache);
    if (!config.server) return;
    store_ = std::make_unique<Store>(loop, *config.server, config.deadline);
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

Awaitable<std::optional<ApiError>> Ledger::check(const http::RequestHead& head, std::string_view path) {
    auto& config = models_->config();
    auto refused = check_key(config, head.fields, settings_.loopback_only());
    // Whatever is no virtual key is answered without asking anybody.
    if (!refused || refused->type != "no_db_connection" || !store_) co_return refused;
    auto key = *find_key(head.fields, config.key_header);
    auto kind = class_of_route(head.method, path);
    auto fresh = kind == RouteClass::Inference ? Fresh::No : Fresh::Yes;
    std::string method(head.method), where(path);
    for (int tries = 0; tries < 2; ++tries) {
        auto caller = co_await identify(key, fresh);
        if (!caller) co_return caller.error();
        auto error = judge(*caller, method, where);
        if (!error || fresh == Fresh::Yes) co_return error;
        // What is remembered may be out of date: it may admit, since that is checked again, but not refuse.
        fresh = Fresh::Yes;
    }
    co_return std::nullopt;
}

Awaitable<Answer<Caller>> Ledger::caller(const http::RequestHead& head) {
    auto& config = models_->config();
    auto refused = check_key(config, head.fields, settings_.loopback_only());
    if (!refused) {
        Caller caller;
        caller.kind = config.master_key.empty() ? Caller::Kind::Open : Caller::Kind::Master;
        co_return caller;
    }
    if (refused->type != "no_db_connection" || !store_) co_return *refused;
    co_return co_await identify(*find_key(head.fields, config.key_header), Fresh::Yes);
}

bool Ledger::may_use(const Caller& caller, std::string_view model) {
    Ask ask;
    ask.model = model;
    return !judge_models(caller, ask, model, *rules(models_));
}

Awaitable<Result<Ledger::Known>> Ledger::read_caller(std::string hash) {
    Known known;
    known.read = Clock::now();
    known.caller.kind = Caller::Kind::Key;
    for (int tries = 0; tries < kMostReads; ++tries) {
        std::vector<std::string> words{"MGET", version_key(), record_key("key", hash)};
        auto first = co_await store_->command(std::move(words));
        if (!first) co_return first.error();
        known.version = version_in(first->list.at(0));
        known.caller.key = entity_in(first->list.at(1));
        auto& key = known.caller.key;
        if (!key || (key->user_id.empty() && key->team_id.empty() && key->budget_id.empty())) co_return known;
        std::vector<std::string> more{"MGET", version_key(), record_key("user", key->user_id),
                                      record_key("team", key->team_id), record_key("budget", key->budget_id)};
        auto second = co_await store_->command(std::move(more));
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
    auto& config = models_->config().ledger;
    auto found = known_.find(hash);
    bool young = found != known_.end() && Clock::now() - found->second.read < config.key_ttl;
    if (young && fresh == Fresh::No) co_return found->second.caller;
    auto read = co_await read_caller(hash);
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
    std::vector<std::string> words{"MGET", version_key(), record_key("customer", id)};
    auto reply = co_await store_->command(std::move(words));
    if (!reply) {
        found = customers_.find(id);
        co_return found == customers_.end() ? nullptr : found->second.customer;
    }
    auto customer = entity_in(reply->list.at(1));
    if (customer && !customer->budget_id.empty()) {
        std::vector<std::string> more{"GET", record_key("budget", customer->budget_id)};
        if (auto budget = co_await store_->command(std::move(more)))
            customer = with_budget(customer, entity_in(*budget));
    }
    if (customers_.size() >= kMostKnown) customers_.erase(customers_.begin());
    customers_.insert_or_assign(id, KnownCustomer{customer, version_in(reply->list.at(0)), Clock::now()});
    co_return customer;
}

std::optional<ApiError> Ledger::judge(const Caller& caller, std::string_view method,
                                      std::string_view path) const {
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

std::optional<ApiError> Ledger::judge_models(const Caller& caller, const Ask& ask, std::string_view model,
                                             const Rules& rules) const {
    if (caller.kind != Caller::Kind::Key) return std::nullopt;
    static const std::vector<std::string> none;
    auto& team = caller.team ? caller.team->models : none;
    auto deny = [&](std::string_view name) -> std::optional<ApiError> {
        if (!allows_model(caller.key->models, name, rules.groups, team))
            return model_denied("key", name, caller.key->models);
        if (!allows_model(team, name, rules.groups, none)) return model_denied("team", name, team);
        if (!caller.team && caller.user && !allows_model(caller.user->models, name, rules.groups, none))
            return model_denied("user", name, caller.user->models);
        return std::nullopt;
    };
    if (auto denied = deny(model)) return denied;
    if (!ask.body.is(JsonKind::Object)) return std::nullopt;
    for (auto list : {"fallbacks", "context_window_fallbacks"}) {
        auto fallbacks = json_find(ask.body, list);
        if (!fallbacks || !fallbacks->is(JsonKind::Array)) continue;
        for (auto& item : json_elements(*fallbacks)) {
            auto name = json_text(item);
            if (!name && item.is(JsonKind::Object)) name = json_text(json_find(item, "model"));
            if (name)
                if (auto denied = deny(*name)) return denied;
        }
    }
    return std::nullopt;
}

NanoUsd Ledger::most_it_may_cost(const Ask& ask, std::string_view model, const Rules& rules,
                                 bool& free) const {
    // Where nobody knows how long an answer may get: as long as common models let it.
    constexpr std::uint64_t kUsualOutput = 8192;
    auto resolution = models_->resolve(model);
    free = false;
    if (!resolution || resolution->candidates.empty()) return 0;
    std::uint64_t wanted = 0, choices = 1;
    if (ask.body.is(JsonKind::Object)) {
        for (auto name : {"max_completion_tokens", "max_tokens", "max_output_tokens"})
            if (auto most = json_number(json_find(ask.body, name)); most && *most > 0 && *most < 1e9)
                wanted = std::max(wanted, static_cast<std::uint64_t>(*most));
        if (auto n = json_number(json_find(ask.body, "n")); n && *n > 1 && *n <= 128)
            choices = static_cast<std::uint64_t>(*n);
    }
    NanoUsd most = 0;
    bool known = true, all_free = true;
    for (auto& candidate : resolution->candidates) {
        auto& deployment = *candidate.deployment;
        auto choice = choose_provider(candidate.model, deployment.forced_provider, deployment.api_base,
                                      models_->config().environment);
        auto price =
            rules.prices.find(deployment, choice.provider ? choice.provider->prefix : "", choice.model);
        if (!price) {
            known = false;
            continue;
        }
        all_free = all_free && price->free();
        auto output = wanted ? wanted : price->max_output ? price->max_output : kUsualOutput;
        Usage usage;
        usage.prompt = ask.prompt_estimate * 2;  // an estimate of the most, not of the mean
        usage.completion = output * choices;
        most = std::max(most, cost_of(*price, usage));
    }
    free = known && all_free;
    return most;
}

void Ledger::refuse(Admission& admission, ApiError error) const {
    admission.refusal_ = std::move(error);
    admission.settled_ = true;
}

Awaitable<AdmissionPtr> Ledger::admit(const http::RequestHead& head, std::string call_id, Ask ask,
                                      std::shared_ptr<const ModelTable> models) {
    auto admission = std::make_shared<Admission>(shared_from_this(), models);
    admission->call_id_ = std::move(call_id);
    admission->started_ = Clock::now();
    admission->started_ms_ = unix_ms();
    admission->asked_model_ = admission->model_ = ask.model;
    auto& config = models_->config();
    auto& ledger = config.ledger;
    admission->call_type_ = ask.call_type;
    bool plain = !check_key(config, head.fields, settings_.loopback_only()).has_value();
    if (plain) {
        admission->caller_.kind = config.master_key.empty() ? Caller::Kind::Open : Caller::Kind::Master;
        if (!store_) co_return admission;
        describe(*admission, head, ask);
        admission->plan_ =
            plan_admission(admission->caller_, ledger, ask.model, false, admission->started_ms_);
        admission->records_ = true;
        co_return admission;
    }
    if (!store_) {
        refuse(*admission, *check_key(config, head.fields, settings_.loopback_only()));
        co_return admission;
    }
    auto key = find_key(head.fields, config.key_header).value_or("");
    std::string method(head.method), path(head.path());
    auto hash = sha256_hex(key);
    auto rules_now = rules(models);
    describe(*admission, head, ask);
    auto fresh = Fresh::No;
    for (int tries = 0; tries < kMostReads; ++tries) {
        auto caller = co_await identify(key, fresh);
        if (!caller) {
            refuse(*admission, caller.error());
            co_return admission;
        }
        admission->caller_ = std::move(*caller);
        auto& who = admission->caller_;
        who.end_user = admission->end_user_;
        if (who.kind == Caller::Kind::Key && !admission->end_user_.empty())
            who.customer = co_await find_customer(admission->end_user_, fresh);
        admission->model_ = admission->asked_model_;
        if (who.key)
            if (auto alias = who.key->aliases.find(admission->asked_model_); alias != who.key->aliases.end())
                admission->model_ = alias->second;
        auto error = judge(who, method, path);
        if (!error && who.customer && who.customer->blocked)
            error =
                auth_error(fmt::format("User blocked from making LLM API Calls. User={}", who.customer->id));
        if (!error) error = judge_models(who, ask, admission->asked_model_, *rules_now);
        if (error) {
            if (fresh == Fresh::Yes || who.kind == Caller::Kind::Unchecked) {
                refuse(*admission, std::move(*error));
                co_return admission;
            }
            fresh = Fresh::Yes;
            continue;
        }
        bool free = false;
        admission->reserved_ = most_it_may_cost(ask, admission->model_, *rules_now, free);
        admission->plan_ = plan_admission(who, ledger, admission->asked_model_, free, admission->started_ms_);
        admission->records_ = true;
        if (who.kind == Caller::Kind::Unchecked) co_return admission;
        auto known = known_.find(hash);
        std::string version = known == known_.end() ? "0" : known->second.version;
        // A customer may have been read at another time than the key.
        if (auto other = customers_.find(admission->end_user_);
            !admission->end_user_.empty() && other != customers_.end() && other->second.version != version)
            version = "mixed";
        if (co_await reserve(*admission, std::move(version))) co_return admission;
        fresh = Fresh::Yes;
    }
    refuse(*admission, store_away());
    co_return admission;
}

// False: the records changed since they were read.
Awaitable<bool> Ledger::reserve(Admission& admission, std::string version) {
    auto& config = models_->config().ledger;
    auto& plan = admission.plan_;
    admission.lease_ = random_id();
    auto ms = [](Duration d) { return std::to_string(d / std::chrono::milliseconds(1)); };
    std::vector<std::string> arguments{std::move(version),
                                       admission.lease_,
                                       std::to_string(admission.reserved_),
                                       ms(config.lease),
                                       ms(config.window),
                                       std::to_string(plan.purses.size()),
                                       std::to_string(plan.windows.size())};
    for (auto& purse : plan.purses) {
        arguments.push_back(purse.id);
        arguments.push_back(purse.limit ? std::to_string(*purse.limit) : "");
        arguments.push_back(purse.parallel ? std::to_string(*purse.parallel) : "");
        arguments.push_back(purse.period);
    }
    for (auto& window : plan.windows) {
        arguments.push_back(window.id);
        arguments.push_back(std::to_string(window.limit));
        arguments.emplace_back(window.requests ? "1" : "0");
    }
    std::vector<std::string> no_keys;
    auto reply = co_await store_->run(admit_script(), std::move(no_keys), std::move(arguments));
    if (!reply) {
        // It may have been carried out all the same: what it took is given back as soon as that can be said.
        if (reply.error() != valkey::Errc::NotConnected) admission.release();
        // Rates are not held while nobody can count; money is.
        if (plan.has_budget() && !config.serve_when_away) {
            refuse(admission, store_away());
            co_return true;
        }
        admission.lease_.clear();
        co_return true;
    }
    auto& list = reply->list;
    auto word = list.empty() ? std::string() : list[0].text;
    auto number = [&](std::size_t i) -> std::int64_t {
        if (i >= list.size()) return 0;
        if (list[i].kind == valkey::Reply::Kind::Integer) return list[i].integer;
        bool negative = list[i].text.starts_with('-');
        auto parsed = parse_number(std::string_view(list[i].text).substr(negative ? 1 : 0));
        return parsed ? (negative ? -1 : 1) * static_cast<std::int64_t>(*parsed) : 0;
    };
    auto index = static_cast<std::size_t>(std::max<std::int64_t>(number(1) - 1, 0));
    if (word == "stale") co_return false;
    if (word == "budget" && index < plan.purses.size()) {
        refuse(admission, budget_exceeded(plan.purses[index], number(2), config.budget_status));
    } else if (word == "parallel" && index < plan.purses.size()) {
        refuse(admission, too_many_parallel(plan.purses[index], number(2)));
        admission.refusal_fields_.set("rate_limit_type", "max_parallel_requests");
    } else if (word == "window" && index < plan.windows.size()) {
        auto& window = plan.windows[index];
        refuse(admission, window_full(window, number(2), number(3), unix_ms()));
        admission.refusal_fields_.set("rate_limit_type", window.requests ? "requests" : "tokens");
        admission.refusal_fields_.set("reset_at", print_time(number(3)));
    }
    if (word != "ok") {
        if (!admission.refusal_) refuse(admission, store_away());
        co_return true;
    }
    std::size_t at = 2;
    for (auto& purse : plan.purses) {
        if (purse.entity == "api_key") admission.spend_before_ = number(at);
        admission.spends_.push_back(number(at));
        admission.resets_.push_back(number(at + 1));
        at += 2;
    }
    for ([[maybe_unused]] auto& window : plan.windows) {
        admission.window_counts_.push_back(number(at));
        admission.window_ends_.push_back(number(at + 1));
        at += 2;
    }
    bool leased =
        std::any_of(plan.purses.begin(), plan.purses.end(), [](auto& purse) { return purse.limited(); });
    if (leased)
        open_.insert(&admission);
    else
        admission.lease_.clear();
    co_return true;
}

void Ledger::describe(Admission& admission, const http::RequestHead& head, const Ask& ask) const {
    admission.peer_ = ask.peer;
    auto& fields = head.fields;
    for (auto name : {"x-litellm-end-user-id", "x-litellm-customer-id"})
        if (auto id = fields.find(name); id && !id->empty() && admission.end_user_.empty())
            admission.end_user_ = std::string(*id);
    if (auto tags = fields.find("x-litellm-tags"))
        for (auto tag : split(*tags, ','))
            if (!trim(tag).empty()) admission.tags_.emplace_back(trim(tag));
    if (auto more = fields.find("x-litellm-spend-logs-metadata"))
        if (auto value = parse_json(*more); value && value->is(JsonKind::Object)) admission.metadata_ = *more;
    if (!ask.body.is(JsonKind::Object)) return;
    auto text = [&](std::initializer_list<std::string_view> path) {
        return json_text(json_find(ask.body, path)).value_or("");
    };
    if (admission.end_user_.empty()) admission.end_user_ = text({"user"}).substr(0, 256);
    admission.session_ = text({"litellm_session_id"});
    if (admission.session_.empty()) admission.session_ = text({"metadata", "session_id"});
    for (auto path : {std::initializer_list<std::string_view>{"metadata", "tags"}, {"tags"}})
        if (auto list = json_find(ask.body, path); list && list->is(JsonKind::Array))
            for (auto& item : json_elements(*list))
                if (auto tag = json_text(item); tag && admission.tags_.size() < 20)
                    admission.tags_.push_back(tag->substr(0, 128));
    constexpr std::size_t kMostPrompt = 64 << 10;
    if (models_->config().ledger.keep_prompts)
        for (auto name : {"messages", "input", "prompt"})
            if (auto prompt = json_find(ask.body, name); prompt && prompt->text.size() <= kMostPrompt) {
                admission.prompt_ = prompt->text;
                break;
            }
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
