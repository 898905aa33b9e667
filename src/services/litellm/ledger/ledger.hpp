#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "services/litellm/domain/model_access.hpp"
#include "services/litellm/ledger/admission.hpp"
#include "services/litellm/ledger/answer_cache.hpp"
#include "services/litellm/ledger/courier.hpp"
#include "services/litellm/ledger/spend_metrics.hpp"
#include "services/litellm/ledger/store.hpp"
#include "services/litellm/settings.hpp"

namespace seance::litellm {

class Alerts;

// Who may call, what it costs, and what has been spent: one loop's view of keys, budgets and limits in
// Valkey. Without Valkey only the master key is known and nothing is kept.
class Ledger : public std::enable_shared_from_this<Ledger> {
  public:
    Ledger(Loop& loop, const Settings& settings, std::shared_ptr<const ModelTable> models,
           std::shared_ptr<Alerts> alerts, bool first);
    void start();
    Awaitable<void> drain();
    void replace(std::shared_ptr<const ModelTable> models);

    // Whether a request may reach its route, whatever the route then asks: key, expiry, route class. The
    // first is about what needs nobody else; a refusal that `may_be_virtual` is for the second to decide.
    Failure check_at_once(const http::RequestHead& head, bool& may_be_virtual) const;
    Awaitable<Failure> check_virtual(const http::RequestHead& head, std::string_view path);

    // Admits one call of a model; its budgets and limits are taken from in one step. Never null.
    Awaitable<AdmissionPtr> admit(const http::RequestHead& head, std::string call_id, Ask ask,
                                  std::shared_ptr<const ModelTable> models);

    // For routes that show or change things: who asks, freshly read.
    Awaitable<Answer<Caller>> caller(const http::RequestHead& head);
    // Whether the caller may use that model at all.
    bool may_use(const Caller& caller, std::string_view model);

    // Null without Valkey. The patient one is for routes that people wait for, not calls of models.
    Store* store() { return store_.get(); }
    Store* patient_store();
    Courier* courier() { return courier_.get(); }
    const LedgerConfig& config() const { return models_->config().ledger; }
    const PriceBook& prices();
    SpendMetrics& metrics() { return metrics_; }
    AnswerCache& cache() { return *cache_; }
    Loop& loop() { return loop_; }

  private:
    friend class Admission;
    // Prices and access groups of one configuration.
    struct Rules {
        PriceBook prices;
        AccessGroups groups;
    };
    struct Known {
        Caller caller;
        std::string version;
        Instant read;
    };
    struct KnownCustomer {
        EntityPtr customer;
        std::string version;
        Instant read;
    };
    enum class Fresh { No, Yes };

    std::shared_ptr<const Rules> rules(const std::shared_ptr<const ModelTable>& models);
    Awaitable<Answer<Caller>> identify(std::string key, Fresh fresh);
    Awaitable<Result<Known>> read_caller(std::string hash, Duration limit);
    Awaitable<EntityPtr> find_customer(std::string id, Fresh fresh);
    std::optional<ApiError> judge(const Caller& caller, std::string_view method, std::string_view path) const;
    std::optional<ApiError> judge_models(const Caller& caller, const Ask& ask, std::string_view model,
                                         const Rules& rules) const;
    void describe(Admission& admission, const http::RequestHead& head, const Ask& ask) const;
    NanoUsd most_it_may_cost(const Ask& ask, std::string_view model, const Rules& rules, bool& free) const;
    Awaitable<bool> reserve(Admission& admission, std::string version);
    void tell_of_budget(const PurseUse& purse, NanoUsd spent) const;
    void refuse(Admission& admission, ApiError error) const;
    static Awaitable<void> keep_leases(std::shared_ptr<Ledger> self);

    Loop& loop_;
    Settings settings_;
    std::shared_ptr<const ModelTable> models_;
    std::map<const ModelTable*, std::pair<std::shared_ptr<const ModelTable>, std::shared_ptr<const Rules>>>
        rules_;
    std::unique_ptr<Store> store_, patient_store_;
    std::optional<UnixMs> ahead_;  // Valkey's clock of ours, once it has told us
    std::shared_ptr<Courier> courier_;
    std::shared_ptr<AnswerCache> cache_;
    std::unordered_map<std::string, Known> known_;  // by hash
    std::unordered_map<std::string, KnownCustomer> customers_;
    std::set<Admission*> open_;  // with a lease
    SpendMetrics metrics_;
    std::shared_ptr<Alerts> alerts_;
    std::set<std::string> unpriced_;
    Timer lease_timer_;
    bool closing_ = false;
    int running_ = 0;
};

UnixMs unix_ms();

// What a caller is told: a 401, and that Valkey does not answer.
ApiError auth_error(std::string message, std::string type = "auth_error",
                    std::optional<std::string> param = std::nullopt);
ApiError store_away();

}  // namespace seance::litellm
