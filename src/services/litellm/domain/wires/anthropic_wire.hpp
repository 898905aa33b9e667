#pragma once
#include "services/litellm/domain/wire.hpp"

namespace seance::litellm {

// Anthropic's Messages: reference, sections 4.7, 13.3 and 13.4.
class AnthropicWire final : public Wire {
  public:
    AnthropicWire(const Destination& to, const AnswerContext& context) : to_(to), context_(context) {}

    Answer<UpstreamCall> call(const ChatRequest& request) override;
    Answer<std::string> completion(std::string_view body) override;
    std::unique_ptr<StreamDecoder> decoder() override;
    ApiError error(int status, std::string_view body) const override;

  private:
    Destination to_;
    const AnswerContext& context_;
    bool json_tool_ = false;
};

// A request for a route such as /v1/messages, with what Anthropic wants in its head.
Answer<UpstreamCall> anthropic_call(const Destination& to, std::string_view route, std::string body,
                                    bool stream, std::vector<std::string> betas);

}  // namespace seance::litellm
