#pragma once
#include <map>
#include <string>

#include "services/litellm/domain/wires/aws_role.hpp"
#include "services/litellm/handlers/call_scope.hpp"

namespace seance::litellm {

class Gateway;

// The keys of roles that one loop has borrowed from Amazon's STS. They are asked for when a call needs them,
// and anew a while before they expire.
class AwsRoles {
  public:
    // The endpoint with keys that are good for calls: itself if it needs no role. The wait ends with the
    // scope.
    Awaitable<Answer<std::shared_ptr<const Endpoint>>> lend(Gateway& gateway,
                                                            std::shared_ptr<CallScope> scope,
                                                            std::shared_ptr<const Endpoint> endpoint);

  private:
    std::map<std::string, LentKeys> lent_;  // by role and who asked
};

}  // namespace seance::litellm
