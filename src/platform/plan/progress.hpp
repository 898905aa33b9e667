#pragma once
#include <functional>
#include <string>

namespace seance::plan {

// What happens while a plan is carried out, for the terminal and for --json.
struct Event {
    enum class Type { StepStart, StepProgress, StepEnd, Log, Warning };
    Type type = Type::StepStart;
    std::string id;    // of the step ("backend/deployment"), or the service that a log line is of
    std::string text;  // what is done; how far it is; how it ended; the line; the warning
    bool ok = true;    // of StepEnd
    double ms = 0;     // of StepEnd: how long it took
};

using Report = std::function<void(const Event&)>;

}  // namespace seance::plan
