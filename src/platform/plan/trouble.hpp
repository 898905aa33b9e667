#pragma once
#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>

#include "platform/remote/failure.hpp"

namespace seance::plan {

// Why something that was asked for did not come to its end; each kind has an exit code of its own.
struct Trouble {
    enum class Why {
        Failed,       // it was tried, and it failed
        Refused,      // nothing was done: lock held, conflict, stale plan
        Credentials,  // missing or refused
        NotThere,     // the wanted thing does not exist
        Unknown,      // a remote could not be reached: how things stand is not known
    };
    Why why = Why::Failed;
    std::string what;  // a sentence
    std::string hint;  // what to do
};

template <class T>
using Attempt = boost::system::result<T, Trouble>;

[[noreturn]] inline void throw_exception_from_error(const Trouble& trouble, const boost::source_location&) {
    throw std::runtime_error(trouble.what);
}

// A failure of a remote as trouble; `doing` says at what: "configuring backend".
Trouble trouble_of(const remote::Failure& failure, std::string_view doing = {});

}  // namespace seance::plan
