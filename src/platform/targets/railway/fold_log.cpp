#include "platform/targets/railway/fold_log.hpp"

#include <fmt/format.h>

#include <map>

namespace seance::railway {

std::vector<std::string> fold_log(const std::vector<std::string>& lines) {
    std::map<std::string, std::size_t> times;
    for (const auto& line : lines) ++times[line];
    std::vector<std::string> out;
    for (const auto& line : lines) {
        auto& count = times[line];
        if (count == 0) continue;  // told
        out.push_back(
            count == 1 ? line : fmt::format("{} (… {} more time{})", line, count - 1, count == 2 ? "" : "s"));
        count = 0;
    }
    return out;
}

}  // namespace seance::railway
