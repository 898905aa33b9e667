#pragma once
#include "platform/plan/plan.hpp"
#include "platform/targets/railway/api.hpp"

namespace seance::railway {

// The fields of a service that are not as wanted; limits apart.
ServiceChanges changes_of(const plan::WantedService& wanted, const plan::LiveService& live);
Limits limits_of(const plan::WantedService& wanted, const plan::LiveService& live);

// What has to be written of its variables so that they are as the plan says.
struct VariableChanges {
    Variables upserts;
    Replace replace = Replace::OnlyGiven;
    std::vector<std::string> deletes;  // one by one: where Replace::All would take sealed ones with it
    bool empty() const { return upserts.empty() && deletes.empty(); }
};
// `release`: the mark of a deployment that is started with them; "" where none is.
VariableChanges variable_changes(const plan::WantedService& wanted, const plan::LiveService& live,
                                 const plan::Plan& plan, std::string_view release);

// A service as it is, as something that may be wanted: what a deployment that failed goes back to.
plan::WantedService as_wanted(const plan::LiveService& live);

}  // namespace seance::railway
