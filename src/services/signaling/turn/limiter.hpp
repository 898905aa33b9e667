#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>

#include "core/base/duration.hpp"

namespace seance::signaling::turn {

// So many requests of one address in a minute.
class Limiter {
  public:
    // Addresses remembered at once. While as many are within their minute, new ones are refused.
    static constexpr std::size_t kMostAddresses = 20'000;

    explicit Limiter(std::uint64_t most) : most_(most) {}

    bool take(const std::string& address, Instant now) {
        if (windows_.size() >= kMostAddresses && !windows_.contains(address)) {
            std::erase_if(windows_, [&](const auto& entry) { return over(entry.second, now); });
            if (windows_.size() >= kMostAddresses) return false;
        }
        auto& window = windows_[address];
        if (window.taken == 0 || over(window, now)) window = {now, 0};
        if (window.taken >= most_) return false;
        ++window.taken;
        return true;
    }

  private:
    struct Window {
        Instant began{};
        std::uint64_t taken = 0;
    };
    static bool over(const Window& window, Instant now) {
        return now - window.began >= std::chrono::minutes(1);
    }

    std::uint64_t most_;
    std::unordered_map<std::string, Window> windows_;
};

}  // namespace seance::signaling::turn
