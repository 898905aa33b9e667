#pragma once
#include <string_view>

namespace seance::signaling {

// seance-signaling --replay FILE [--url WS_URL] [--speed N]: does what the clients of a recording did,
// against a server, and prints one JSON line about how it went. Exit codes: 0 all went as recorded; 1 a
// connection could not be made, or the server ended one that the recording has open a quarter of a second
// later or in which it says more; 64 wrong usage; 65 not a recording.
int replay_command(int argc, char** argv);
bool is_replay(int argc, char** argv);  // whether it is what the arguments ask for

inline constexpr std::string_view kReplayUsage =
    "  seance-signaling --replay FILE [--url WS_URL] [--speed N]\n"
    "      Does again what RECORD_FILE has recorded, against WS_URL [ws://127.0.0.1:4444/], N times as fast "
    "[1]\n"
    "      or without pauses (0). Prints how it went as JSON; ends with 1 if anything went otherwise.\n";

}  // namespace seance::signaling
