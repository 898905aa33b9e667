#pragma once
#include "core/base/result.hpp"

namespace seance::stream {

// Why a connection could not be made, beside system errors (refused, timed_out, …).
enum class Errc {
    NameNotFound = 1,  // DNS has no answer, and none is remembered
    TlsFailed,         // handshake, chain or name
};
error_code make_error_code(Errc code);

}  // namespace seance::stream

template <>
struct boost::system::is_error_code_enum<seance::stream::Errc> : std::true_type {};
