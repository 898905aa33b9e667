#pragma once
#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace seance::remote {

// What a caller of a remote API can do about a failure.
enum class FailureKind {
    Auth,         // credential missing, dead, or without access to this
    NotFound,     // the thing is absent, or invisible to this credential
    User,         // what was asked for cannot be: a bad value, a plan's limit, a refused argument
    RateLimited,  // still refused for too many requests after waiting; nothing was changed
    Unreachable,  // no answer: whether a change happened is UNKNOWN. Look before trying again
    Api,          // the remote failed, or answered something that makes no sense
};

std::string_view name(FailureKind kind);  // "auth", "not_found", …: stable, for --json

// Why there is no answer. `what` is a sentence for a person and holds no secret.
struct Failure {
    FailureKind kind = FailureKind::Api;
    std::string what;
    std::string trace_id = {};  // the remote's own name for this failure, for its support; "" if it gave none
    bool an_answer_was_lost =
        false;  // an earlier try may have had its effect: "not found" may be our own doing
};

// An answer of a remote API, or the reason why there is none.
template <class T>
using Reply = boost::system::result<T, Failure>;

[[noreturn]] inline void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
    throw std::runtime_error(failure.what);
}

}  // namespace seance::remote
