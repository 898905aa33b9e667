#include "cli/terminal/watch.hpp"

#include <unistd.h>
#include <csignal>
#include <thread>

#include "cli/exit_code.hpp"

namespace seance::cli {

void end_on_signals() {
    const auto leave = [](int) { ::_exit(kInterrupted); };
    std::signal(SIGINT, leave);
    std::signal(SIGTERM, leave);
}

void pause_for(Duration time) {
    std::this_thread::sleep_for(time);
}

std::string redrawn(const std::string& text, bool terminal) {
    // Home, and each line with its rest erased, then all below: no flicker.
    if (!terminal) return text;
    std::string out = "\x1b[H";
    for (const char c : text) {
        if (c == '\n') out += "\x1b[K";
        out += c;
    }
    return out + "\x1b[J";
}

}  // namespace seance::cli
