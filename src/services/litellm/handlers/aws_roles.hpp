#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/runtime/signal.hpp"
#include "services/litellm/domain/wires/aws_role.hpp"
#include "services/litellm/handlers/call_scope.hpp"

namespace seance::litellm {

class Gateway;

// The keys of roles that one loop has borrowed from Amazon's STS. They are asked for when a call needs them,
// and anew a while before they expire: by one call at a time, for which others with the same question wait.
class AwsRoles {
  public:
    // The endpoint with keys that are good for calls: itself if it needs no role. The wait ends with the
    // scope.
    Awaitable<Answer<std::shared_ptr<const Endpoint>>> lend(Gateway& gateway,
                                                            std::shared_ptr<CallScope> scope,
                                                            std::shared_ptr<const Endpoint> endpoint);

  private:
    // One call's question, and who waits for its answer.
    struct Question {
        std::vector<std::shared_ptr<Signal>> waiting;
        std::optional<ApiError> failure;  // for all of them; nothing if the call itself was cut short
    };
    using Questions = std::map<std::string, std::shared_ptr<Question>>;
    class Asking;

    Awaitable<Answer<LentKeys>> ask(Gateway& gateway, std::shared_ptr<CallScope> scope,
                                    std::shared_ptr<const Endpoint> endpoint);

    // By role and who asks.
    std::map<std::string, LentKeys> lent_;
    std::shared_ptr<Questions> questions_ = std::make_shared<Questions>();
};

}  // namespace seance::litellm
