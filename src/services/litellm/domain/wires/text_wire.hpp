#pragma once
#include "services/litellm/domain/wire.hpp"

namespace seance::litellm {

// An upstream that completes texts and knows no chats (text-completion-openai): the messages are its prompt.
class TextWire final : public Wire {
  public:
    TextWire(const Destination& to, const AnswerContext& context) : to_(to), context_(context) {}

    Answer<UpstreamCall> call(const ChatRequest& request) override;
    Answer<std::string> completion(std::string_view body) override;
    std::unique_ptr<StreamDecoder> decoder() override;
    ApiError error(int status, std::string_view body) const override;

  private:
    Destination to_;
    const AnswerContext& context_;
};

}  // namespace seance::litellm
