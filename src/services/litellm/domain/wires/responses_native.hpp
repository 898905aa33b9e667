#pragma once
#include "services/litellm/domain/dialogue.hpp"

namespace seance::litellm {

// A client and an upstream that both speak OpenAI's Responses: only the model's name changes on the way.
// `root` is the client's body and outlives it.
class ResponsesNative final : public Dialogue {
  public:
    ResponsesNative(const JsonValue& root, bool stream, const Destination& to, AnswerContext context)
        : root_(root), stream_(stream), to_(to), context_(std::move(context)) {}

    Answer<UpstreamCall> call() override;
    Answer<Completion> whole(std::string_view body) override;
    std::unique_ptr<StreamRelay> stream() override;
    ApiError error(int status, std::string_view body) const override;
    Answer<Completion> whole_as_stream(std::string_view body) override;

  private:
    JsonValue root_;
    bool stream_;
    Destination to_;
    AnswerContext context_;
};

}  // namespace seance::litellm
