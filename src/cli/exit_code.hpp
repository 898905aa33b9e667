#pragma once

namespace seance::cli {

// What the shell is told; stable. docs/seance.md lists them.
enum ExitCode {
    kDone = 0,
    kFailed = 1,
    kChangesPending = 2,  // plan --exit-code
    kNotThere = 3,        // the wanted thing does not exist
    kNoCredentials = 4,   // missing or refused
    kRefused = 5,         // lock held, nobody to confirm
    kUnreachable = 6,     // a remote could not be reached: outcome unknown
    kCheckFailed = 7,     // verify, doctor
    kUsage = 64,
    kBadConfig = 65,  // invalid manifest or configuration
    kInterrupted = 130,
};

}  // namespace seance::cli
