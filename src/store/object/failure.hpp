#pragma once
#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>

namespace seance::object {

enum class Reason {
    NotFound,     // no such object
    BadKey,       // the key cannot be an object's name here
    TooLarge,     // more than the caller or the store allows
    NoSpace,      // the store is full
    Refused,      // credentials or permissions
    Unavailable,  // not reached, overloaded or timed out: trying again later may work
    BadSource,    // the body to store ended early or could not be read
    Broken,       // the store answered something that makes no sense
};

// Why there is no result. `what` is a sentence for people who run the service; it holds no secret.
struct Failure {
    Reason reason = Reason::Broken;
    std::string what;
};

template <class T>
using Stored = boost::system::result<T, Failure>;

[[noreturn]] inline void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
    throw std::runtime_error(failure.what);
}

}  // namespace seance::object
