#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/secret.hpp"
#include "core/config/reader.hpp"

namespace seance::signaling::turn {

struct Settings {
    std::vector<std::string> urls;
    SecretText secret;
    Duration ttl = std::chrono::hours(1);
    std::uint64_t max_per_minute = 30;

    bool enabled() const { return !urls.empty(); }
};

// Problems are kept by the reader.
Settings read_settings(config::Reader& read);

}  // namespace seance::signaling::turn
