#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/litellm/config/ledger_config.hpp"
#include "services/litellm/domain/api_error.hpp"
#include "services/litellm/domain/entity.hpp"

namespace seance::litellm {

// Who calls.
struct Caller {
    enum class Kind {
        Open,  // no master key is configured
        Master,
        Key,
        Unchecked,  // Valkey is away, and allow_requests_on_db_unavailable lets any key pass
    };
    Kind kind = Kind::Open;
    bool nobody = false;                  // came by a public route, without a key
    EntityPtr key, user, team, customer;  // of Key, as far as there are such
    std::string end_user;                 // as the call names them; "" if it does not

    // "" of an open gateway; a hash; or the fixed name of the master key.
    std::string_view name() const;
    std::string_view alias() const;
    std::vector<std::string> tags() const;  // that each call of its key and team bears
    bool is_admin() const {
        return kind == Kind::Master || (kind == Kind::Open && !nobody) || (user && user->is_admin());
    }
};

// A purse that one call is charged to, and what it must not pass.
struct PurseUse {
    std::string id;
    std::optional<NanoUsd> limit;
    std::optional<std::int64_t> parallel;
    std::string period;
    std::string entity, who;  // "api_key", "sk-…wxyz": for messages and headers

    bool limited() const { return limit || parallel; }
};

struct WindowUse {
    std::string id;
    std::int64_t limit = 0;
    bool requests = true;  // else tokens, which count afterwards
    std::string entity, who;
};

// All that one call is checked against, in the order of the checks (reference, section 7).
struct AdmissionPlan {
    std::vector<PurseUse> purses;
    std::vector<WindowUse> windows;
    bool has_budget() const;
    bool limited() const;
};

// `free`: the model costs nothing, so budgets are not looked at. `model`: the public name that was asked for.
AdmissionPlan plan_admission(const Caller& caller, const LedgerConfig& config, std::string_view model,
                             bool free, UnixMs now);

// `reserved`: by calls under way.
ApiError budget_exceeded(const PurseUse& purse, NanoUsd spent, NanoUsd reserved, int status);
ApiError window_full(const WindowUse& window, std::int64_t count, UnixMs ends, UnixMs now);
ApiError too_many_parallel(const PurseUse& purse, std::int64_t open);

}  // namespace seance::litellm
