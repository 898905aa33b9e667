#include "platform/targets/railway/cost.hpp"

#include <array>

namespace seance::railway {
namespace {

constexpr double kMinutesOfAMonth = 43'200;

struct Price {
    Measurement measurement;
    std::string_view spelling, unit;
    double dollars;  // a month of one unit; NetworkOut: one GB
    bool by_time;
};
constexpr std::array kPrices{
    Price{Measurement::Cpu, "CPU_USAGE", "vCPU-minutes", 20, true},
    Price{Measurement::Memory, "MEMORY_USAGE_GB", "GB-minutes", 10, true},
    Price{Measurement::Disk, "DISK_USAGE_GB", "GB-minutes", 0.15, true},
    Price{Measurement::Backup, "BACKUP_USAGE_GB", "GB-minutes", 0.15, true},
    Price{Measurement::NetworkOut, "NETWORK_TX_GB", "GB", 0.05, false},
};

const Price& price_of(Measurement measurement) {
    return kPrices[static_cast<std::size_t>(measurement)];
}

}  // namespace

double dollars(Measurement measurement, double value) {
    const auto& price = price_of(measurement);
    return value * price.dollars / (price.by_time ? kMinutesOfAMonth : 1);
}

std::string_view spelling(Measurement measurement) {
    return price_of(measurement).spelling;
}

std::optional<Measurement> parse_measurement(std::string_view text) {
    for (const auto& price : kPrices)
        if (price.spelling == text) return price.measurement;
    return std::nullopt;
}

std::string_view unit(Measurement measurement) {
    return price_of(measurement).unit;
}

}  // namespace seance::railway
