#include "platform/targets/railway/fold_log.hpp"

#include <fmt/format.h>

#include <map>

#include "core/base/count.hpp"

namespace seance::railway {

std::vector<std::string> fold_log(const std::vector<std::string>& lines) {
    std::map<std::string, std::size_t> times;
    for (const auto& line : lines) ++times[line];
    std::vector<std::string> out;
    for (const auto& line : lines) {
        auto& times_told = times[line];
        if (times_told == 0) continue;  // told
        out.push_back(times_told == 1 ? line
                                      : fmt::format("{} (… {})", line, count(times_told - 1, "more time")));
        times_told = 0;
    }
    return out;
}

}  // namespace seance::railway
