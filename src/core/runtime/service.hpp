#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/config/misspelled.hpp"
#include "core/config/reader.hpp"
#include "core/runtime/loop.hpp"

namespace seance {

// What one loop of a service owns, from start to the last answer. Made, used and destroyed on its loop.
class Unit {
  public:
    virtual ~Unit() = default;
    virtual Awaitable<void> drain() = 0;  // stop accepting, answer what is in flight, then return
    virtual void reload() {}              // SIGHUP
};

struct ServiceOptions {
    unsigned threads = 1;
    Duration drain_timeout = std::chrono::seconds(25);
    Duration short_turns{};  // see take_short_turns(), for the loops' threads; 0: the kernel's choice
};

// Runs `threads` loops, each with the unit that `make` gives it (index 0 first; a throw ends the program with
// its sentence and 1, or 65 if it is config::Unusable). On SIGTERM or SIGINT every unit drains; the process
// leaves with 0 when all have, or when `drain_timeout` has passed. A second signal leaves at once. SIGHUP
// reloads. SIGPIPE is ignored.
int run_service(const ServiceOptions& options,
                const std::function<std::unique_ptr<Unit>(Loop&, unsigned index)>& make);

// The parts of main() that are the same in every service: --version, --help (from the declared settings),
// problems listed on stderr with exit 65, a warning for each variable that looks like a misspelled setting,
// log level and service name. Gives an exit code, or nothing to go on. `usage`: lines of --help on what else
// the program does, each with its end.
std::optional<int> begin_service(int argc, char** argv, std::string_view name, std::string_view about,
                                 const config::Reader& read, std::string_view usage = {});

// The same warning, for a program whose main() is another: once the log has its service's name.
void warn_of_misspelled(const std::vector<config::Misspelled>& found);

}  // namespace seance
