#pragma once
#include "services/litellm/domain/sse.hpp"
#include "services/litellm/domain/wire.hpp"

namespace seance::litellm {

// An upstream that speaks OpenAI's form, or Azure's variant of it: bytes pass as they are.
class OpenAiWire final : public Wire {
  public:
    OpenAiWire(const Destination& to, const AnswerContext& context) : to_(to), context_(context) {}

    Answer<UpstreamCall> call(const ChatRequest& request) override;
    bool is_openai() const override { return true; }
    Answer<std::string> completion(std::string_view body) override { return std::string(body); }
    std::unique_ptr<StreamDecoder> decoder() override;
    ApiError error(int status, std::string_view body) const override;

  private:
    Destination to_;
    const AnswerContext& context_;
};

// The call of a route such as "/completions", in OpenAI's form.
Answer<UpstreamCall> openai_call(const Destination& to, std::string_view route, std::string body,
                                 bool stream);

// An event that is larger than a stream may hold.
ApiError event_too_large();

}  // namespace seance::litellm
