#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "platform/remote/timestamp.hpp"
#include "platform/targets/railway/model.hpp"

namespace seance::railway {

// Puts batches of a log stream that was interrupted and begun anew together without gaps or repetitions.
// Pure.
//
// Within one connection every line is new. After reconnected(), until lines come that are newer than the
// newest one seen, those older than it are repetitions; of those with its very timestamp, the ones already
// given are. Two equal lines of one timestamp are two lines: they are counted.
class LogMerger {
  public:
    // What of this batch is new, in its order.
    std::vector<LogLine> take(std::vector<LogLine> batch);
    void reconnected();

    // The newest timestamp as it came; "" before the first line.
    const std::string& newest() const { return newest_text_; }

  private:
    static std::string identity(const LogLine& line);

    std::optional<remote::Timestamp> newest_;
    std::string newest_text_;
    std::multiset<std::string> at_newest_;  // identities of the given lines that carry it
    // Of the connection before, until lines that are newer come.
    std::optional<remote::Timestamp> seen_until_;
    std::multiset<std::string> to_skip_;
};

}  // namespace seance::railway
