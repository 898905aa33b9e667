#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace seance::signaling {

// One line of a recording (docs/signaling.md describes the format).
struct CapturedEvent {
    enum Kind { Open, Text, Close };
    Kind kind = Open;
    std::uint64_t ms = 0;          // since the recording began
    std::uint64_t connection = 0;  // the recording's number for it
    std::string text;              // to be sent; made up to the recorded size where no content was kept
};

// The problem goes on from "line 7 ".
Outcome<CapturedEvent> parse_capture_line(std::string_view line);

}  // namespace seance::signaling
