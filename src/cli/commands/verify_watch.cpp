#include "cli/commands/verify_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "cli/terminal/watch.hpp"

namespace seance::cli {

std::vector<CheckResult> CheckChanges::take(const std::vector<CheckResult>& results) {
    std::vector<CheckResult> changed;
    std::map<std::pair<std::string, std::string>, int> count;
    for (const auto& result : results) {
        // A service may have two checks of one kind.
        auto key = std::pair{result.service, result.check};
        if (const int n = ++count[key]; n > 1) key.second += fmt::format(" {}", n);
        const int state = result.skipped ? 2 : result.good ? 1 : 0;
        const auto [known, fresh] = before_.emplace(key, state);
        if (!fresh && known->second == state) continue;
        known->second = state;
        changed.push_back(result);
    }
    return changed;
}

void watch_checks(const Context& context, Duration interval,
                  const std::function<std::vector<CheckResult>()>& round) {
    end_on_signals();
    const auto& style = context.result_style();
    CheckChanges changes;
    while (true) {
        const auto begun = Clock::now();
        const auto results = round();
        const auto now = iso_timestamp(std::chrono::system_clock::now());
        for (const auto& one : changes.take(results)) {
            if (context.json) {
                auto line = to_json(one);
                line["ts"] = now;
                line["type"] = "check";
                context.result(boost::json::serialize(line) + "\n");
            } else
                context.result(fmt::format("{}  {} {} {}: {}\n", style.dim(now),
                                           one.skipped ? style.yellow("–")
                                           : one.good  ? style.green("✔")
                                                       : style.red("✘"),
                                           one.service, one.check, one.detail));
        }
        pause_for(std::max<Duration>(interval - (Clock::now() - begun), std::chrono::milliseconds(100)));
    }
}

}  // namespace seance::cli
