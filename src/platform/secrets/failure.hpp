#pragma once
#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>

namespace seance::secrets {

// Why secrets could not be read, for what the caller does next.
enum class Reason {
    NoFile,        // it is not there, or cannot be read
    NotEncrypted,  // it was meant to be, and everyone can read it
    Exposed,       // other users of this machine may read it
    Invalid,       // it cannot be understood
    NoTool,        // `sops` is not installed
    NoKey,         // none of our keys opens it
    Tampered,      // it was changed without sops
    TimedOut,      // sops did not finish
    Failed,        // sops failed otherwise
};

// `what` is for people: thing, finding, way out. It never holds a value, nor what sops wrote to standard
// error.
struct Failure {
    Reason reason = Reason::Failed;
    std::string what;
};

template <class T>
using Outcome = boost::system::result<T, Failure>;

// Called by boost::system::result when a value is taken from a failed Outcome: a broken invariant.
[[noreturn]] inline void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
    throw std::runtime_error(failure.what);
}

}  // namespace seance::secrets
