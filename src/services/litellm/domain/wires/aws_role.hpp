#pragma once
#include "services/litellm/domain/dialogue.hpp"

// Keys that Amazon's STS lends for a role: AssumeRole of its Query API, version 2011-06-15.
namespace seance::litellm {

// The role that a deployment, or the environment (AWS_ROLE_NAME, …), names; null if there is none.
std::shared_ptr<const AwsRole> find_role(const WireSettings& wire, std::string_view region,
                                         const config::Sources& environment);

// The question, signed with the keys of `access`, which has a role. `now`: seconds since 1970.
Answer<UpstreamCall> assume_role_call(const AwsAccess& access, SharedLink link, std::int64_t now);

struct LentKeys {
    AwsAccess access;  // without the role
    UnixMs expires = 0;
};
// What STS answers; its refusal keeps its words.
Answer<LentKeys> read_lent_keys(int status, std::string_view xml, const AwsAccess& asked);

}  // namespace seance::litellm
