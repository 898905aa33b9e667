#pragma once
#include <string>

#include "core/base/result.hpp"

namespace seance::stream {

// Why a connection could not be made, beside system errors (refused, timed_out, …).
enum class Errc {
    NameNotFound = 1,  // DNS has no answer, and none is remembered
    TlsFailed,         // handshake, chain or name
};
error_code make_error_code(Errc code);

// What was wrong with a handshake that ended with Errc::TlsFailed.
struct TlsFailure {
    enum class Kind { Untrusted, OtherName, NoTls, Ended, Other };
    Kind kind = Kind::Other;
    std::string text;  // half a sentence: "its certificate is for another name (…)"
};

}  // namespace seance::stream

template <>
struct boost::system::is_error_code_enum<seance::stream::Errc> : std::true_type {};
