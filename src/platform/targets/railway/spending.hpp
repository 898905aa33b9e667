#pragma once
#include <map>
#include <string>
#include <vector>

#include "platform/targets/railway/model.hpp"

namespace seance::railway {

struct ServiceSpending {
    std::string service;
    double month_to_date = 0, estimate = 0;  // dollars
};

struct Spending {
    std::vector<ServiceSpending> services;  // what costs most comes first
    double month_to_date = 0, estimate = 0;
};

// Usage by service in dollars. Railway estimates for the whole project alone: each service gets its share of
// each measurement. `names`: service id → name; what no id of them has used is "(other)". Pure.
Spending spending_of(const std::vector<Usage>& usage, const std::vector<Usage>& estimate,
                     const std::map<std::string, std::string>& names);

}  // namespace seance::railway
