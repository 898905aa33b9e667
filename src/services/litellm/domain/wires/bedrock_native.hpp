#pragma once
#include "services/litellm/domain/wires/anthropic_native.hpp"

namespace seance::litellm {

// An Anthropic client and a Claude on Bedrock: the body as it came to InvokeModel, the events out of their
// frames as they came. Reference, section 12.3.
class BedrockNative final : public AnthropicNative {
  public:
    BedrockNative(const JsonValue& root, bool stream, const Destination& to, AnswerContext context)
        : AnthropicNative(root, stream, "", to, std::move(context)) {}

    // Whether the deployment is a Claude that is to be spoken to so, and not through Converse.
    static bool suits(const Endpoint& endpoint);

    Answer<UpstreamCall> call() override;
    std::unique_ptr<StreamRelay> stream() override;
};

}  // namespace seance::litellm
