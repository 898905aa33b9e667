#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http/message.hpp"
#include "services/litellm/domain/admission_plan.hpp"
#include "services/litellm/domain/cache_wish.hpp"
#include "services/litellm/domain/model_table.hpp"
#include "services/litellm/domain/price_table.hpp"

namespace seance::litellm {

class Ledger;

// What one call asks for, as far as the ledger cares.
struct Ask {
    std::string_view call_type;  // "acompletion"
    std::string_view model;      // as the client named it
    JsonValue body;              // a JSON object, or Null
    std::uint64_t prompt_estimate = 0;
    std::string_view peer;  // the client's address
    // Of a request that is passed on to another server: what it is called instead of a model. `model` is then
    // the one that its body names, if any.
    std::string_view endpoint = {};
    NanoUsd price = 0;  // of such a request, as far as it is known beforehand
    bool open = false;  // no key is asked for
};

// How a call ended.
struct Settlement {
    int status = 200;
    std::string error = {};  // of a failure, a sentence
    Usage usage = {};
    std::optional<NanoUsd> cost = {};  // where no price of a deployment tells
    const Deployment* deployment = nullptr;
    std::string provider = {}, model = {}, api_base = {}, model_group = {};
    bool cache_hit = false;
    std::string cache_key = {}, response = {};
    Instant first_token = {};  // of a stream
    int retries = 0;
};

// The money and places that one call holds, from its entry to its end. Whoever ends the call settles it once;
// a call that nobody settles, for whatever reason, settles itself as a failure that cost nothing.
class Admission {
  public:
    Admission(std::shared_ptr<Ledger> ledger, std::shared_ptr<const ModelTable> models);
    ~Admission();
    Admission(const Admission&) = delete;
    Admission& operator=(const Admission&) = delete;

    // Set: the call may not go on.
    const Failure& refusal() const { return refusal_; }
    const std::string& call_id() const { return call_id_; }
    const std::string& model() const { return model_; }  // what a key's alias stands for
    Instant started() const { return started_; }
    bool may_mock() const;
    const Caller& caller() const { return caller_; }

    // Nothing: the price is unknown.
    std::optional<NanoUsd> cost(const Usage& usage, const Deployment& deployment, std::string_view provider,
                                std::string_view model) const;
    // Headers of section 15 about the key, its limits and, if known, the cost.
    void add_fields(http::Fields& fields, std::optional<NanoUsd> cost) const;
    // What the call wishes of the response cache; keep() stores its answer accordingly.
    void set_cache_wish(CacheWish wish) { cache_wish_ = std::move(wish); }
    const CacheWish& cache_wish() const { return cache_wish_; }
    void keep(std::string completion);
    bool keeps_answer() const;  // store_prompts_in_spend_logs
    void settle(Settlement how);
    bool settled() const { return settled_; }
    std::string log_fields() const;  // `,"api_key_alias":…`

  private:
    friend class Ledger;
    std::string summed_model(const Settlement& how) const;
    std::string operations(const Settlement& how, NanoUsd cost) const;
    std::string record(const Settlement& how, NanoUsd cost) const;
    void tell_if_slow(const Settlement& how) const;
    void release();

    std::shared_ptr<Ledger> ledger_;
    std::shared_ptr<const ModelTable> models_;
    Caller caller_;
    AdmissionPlan plan_;
    Failure refusal_;
    http::Fields refusal_fields_;
    std::string call_id_, call_type_, model_, asked_model_, end_user_, peer_, session_, metadata_, prompt_;
    std::vector<std::string> tags_;
    CacheWish cache_wish_;
    std::string lease_;
    NanoUsd reserved_ = 0;
    std::optional<NanoUsd> spend_before_;  // of the key, if Valkey has said
    std::vector<std::int64_t> window_counts_;
    std::vector<UnixMs> window_ends_;
    UnixMs started_ms_ = 0;
    Instant started_;
    bool settled_ = false, records_ = false;
    bool redacted_ = false;  // its prompt and answer are not to be kept
};
using AdmissionPtr = std::shared_ptr<Admission>;

}  // namespace seance::litellm
