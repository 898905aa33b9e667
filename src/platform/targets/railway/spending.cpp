#include "platform/targets/railway/spending.hpp"

#include <algorithm>

#include "platform/targets/railway/cost.hpp"

namespace seance::railway {

Spending spending_of(const std::vector<Usage>& usage, const std::vector<Usage>& estimate,
                     const std::map<std::string, std::string>& names) {
    static const std::string kOther = "(other)";
    std::map<Measurement, double> used;
    std::map<std::string, std::map<Measurement, double>> by_service;
    for (const auto& one : usage) {
        used[one.measurement] += one.value;
        const auto name = names.find(one.service.text());
        by_service[name == names.end() ? kOther : name->second][one.measurement] += one.value;
    }
    std::map<std::string, ServiceSpending> made;
    Spending spending;
    for (const auto& [service, values] : by_service)
        for (const auto& [measurement, value] : values) {
            made[service].month_to_date += dollars(measurement, value);
            spending.month_to_date += dollars(measurement, value);
        }
    for (const auto& one : estimate) {
        spending.estimate += dollars(one);
        // What nothing has used yet can be given to no service.
        if (used[one.measurement] <= 0) {
            if (one.value > 0) made[kOther].estimate += dollars(one);
            continue;
        }
        for (const auto& [service, values] : by_service)
            if (const auto part = values.find(one.measurement); part != values.end())
                made[service].estimate += dollars(one) * part->second / used[one.measurement];
    }
    for (auto& [service, one] : made) {
        one.service = service;
        spending.services.push_back(one);
    }
    std::stable_sort(
        spending.services.begin(), spending.services.end(),
        [](const ServiceSpending& a, const ServiceSpending& b) { return a.month_to_date > b.month_to_date; });
    return spending;
}

}  // namespace seance::railway
