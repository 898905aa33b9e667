#pragma once
#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>

namespace seance::images {

enum class Reason {
    BadInput,     // an image, name or setting that cannot be right
    NotFound,     // no such image, tag or blob
    Refused,      // credentials missing or wrong, or no permission
    Unavailable,  // not reached, overloaded or timed out: the outcome is unknown, trying again may work
    Broken,       // the other side answered something that makes no sense
};

// Why there is no result. `what` is a sentence for the person at the terminal; it holds no secret.
struct Failure {
    Reason reason = Reason::Broken;
    std::string what;
};

template <class T>
using Attempt = boost::system::result<T, Failure>;

[[noreturn]] inline void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
    throw std::runtime_error(failure.what);
}

}  // namespace seance::images
