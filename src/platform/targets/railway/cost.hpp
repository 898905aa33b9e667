#pragma once
#include <string_view>

#include "platform/targets/railway/model.hpp"

namespace seance::railway {

// Dollars of a usage at Railway's list prices, without the subscription. A month is 43 200 minutes.
double dollars(Measurement measurement, double value);
inline double dollars(const Usage& usage) {
    return dollars(usage.measurement, usage.value);
}

std::string_view spelling(Measurement measurement);  // "CPU_USAGE"
std::optional<Measurement> parse_measurement(std::string_view text);
std::string_view unit(Measurement measurement);  // "vCPU-minutes"

}  // namespace seance::railway
