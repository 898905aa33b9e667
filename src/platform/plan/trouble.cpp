#include "platform/plan/trouble.hpp"

namespace seance::plan {

Trouble trouble_of(const remote::Failure& failure, std::string_view doing) {
    Trouble trouble;
    trouble.what = doing.empty() ? failure.what : std::string(doing) + ": " + failure.what;
    switch (failure.kind) {
        case remote::FailureKind::Auth:
            trouble.why = Trouble::Why::Credentials;
            trouble.hint = "seance -e ENV doctor says which token is there and which is needed";
            break;
        case remote::FailureKind::NotFound:
            trouble.why = Trouble::Why::NotThere;
            break;
        case remote::FailureKind::RateLimited:
        case remote::FailureKind::Unreachable:
            trouble.why = Trouble::Why::Unknown;
            trouble.hint = "see whether this machine reaches the network, then run the same command again";
            break;
        case remote::FailureKind::User:
        case remote::FailureKind::Api:
            trouble.why = Trouble::Why::Failed;
            break;
    }
    return trouble;
}

}  // namespace seance::plan
