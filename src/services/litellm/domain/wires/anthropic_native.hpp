#pragma once
#include "services/litellm/domain/dialogue.hpp"
#include "services/litellm/domain/json_edit.hpp"
#include "services/litellm/domain/raw_events.hpp"
#include "services/litellm/domain/wires/anthropic_answer.hpp"

namespace seance::litellm {

// An Anthropic client and an Anthropic upstream: only the model's name changes on the way. `root` is the
// client's body and outlives it.
class AnthropicNative : public Dialogue {
  public:
    AnthropicNative(const JsonValue& root, bool stream, std::string_view route, const Destination& to,
                    AnswerContext context)
        : root_(root), stream_(stream), route_(route), to_(to), context_(std::move(context)) {}

    Answer<UpstreamCall> call() override;
    Answer<Completion> whole(std::string_view body) override;
    std::unique_ptr<StreamRelay> stream() override;
    ApiError error(int status, std::string_view body) const override;
    Answer<Completion> whole_as_stream(std::string_view body) override;

  protected:
    const JsonValue& root() const { return root_; }
    bool streams() const { return stream_; }
    const Destination& to() const { return to_; }
    const AnswerContext& context() const { return context_; }

  private:
    JsonValue root_;
    bool stream_;
    std::string_view route_;
    Destination to_;
    AnswerContext context_;
};

}  // namespace seance::litellm
