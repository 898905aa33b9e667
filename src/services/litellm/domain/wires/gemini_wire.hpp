#pragma once
#include "services/litellm/domain/wire.hpp"

namespace seance::litellm {

// Google's generateContent: reference, sections 4.8 and 13.5.
class GeminiWire final : public Wire {
  public:
    GeminiWire(const Destination& to, const AnswerContext& context) : to_(to), context_(context) {}

    Answer<UpstreamCall> call(const ChatRequest& request) override;
    Answer<std::string> completion(std::string_view body) override;
    std::unique_ptr<StreamDecoder> decoder() override;
    ApiError error(int status, std::string_view body) const override;

  private:
    Destination to_;
    const AnswerContext& context_;
};

// A call of one of a model's methods, such as generateContent.
Answer<UpstreamCall> gemini_call(const Destination& to, std::string_view method, std::string body,
                                 bool stream);

ApiError gemini_error(const AnswerContext& context, int status, std::string_view body);

}  // namespace seance::litellm
