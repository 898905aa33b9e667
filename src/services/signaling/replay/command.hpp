#pragma once

namespace seance::signaling {

// seance-signaling --replay FILE [--url WS_URL] [--speed N]: does what the clients of a recording did,
// against a server, and prints one JSON line about how it went. Exit codes: 0 all went as recorded; 1 a
// connection could not be made, or the server ended one that the recording has open; 64 wrong usage; 65 not a
// recording.
int replay_command(int argc, char** argv);

}  // namespace seance::signaling
