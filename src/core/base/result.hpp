#pragma once
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace seance {

using error_code = boost::system::error_code;

// An outcome that a caller may act on: a value or an error_code.
template <class T>
using Result = boost::system::result<T>;

// What a person has to read: one sentence that names the thing, the finding and the way out.
struct Problem {
    std::string what;
};

// A value, or the sentence that says why there is none: for files, settings and remote answers.
template <class T>
using Outcome = boost::system::result<T, Problem>;

// Called by boost::system::result when a value is taken from a failed Outcome: a broken invariant.
[[noreturn]] inline void throw_exception_from_error(const Problem& problem, const boost::source_location&) {
    throw std::runtime_error(problem.what);
}

}  // namespace seance
