#include "platform/remote/failure.hpp"

namespace seance::remote {

std::string_view name(FailureKind kind) {
    switch (kind) {
        case FailureKind::Auth:
            return "auth";
        case FailureKind::NotFound:
            return "not_found";
        case FailureKind::User:
            return "user";
        case FailureKind::RateLimited:
            return "rate_limited";
        case FailureKind::Unreachable:
            return "unreachable";
        case FailureKind::Api:
            return "api";
    }
    return "api";
}

}  // namespace seance::remote
