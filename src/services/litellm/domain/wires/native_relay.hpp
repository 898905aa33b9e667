#pragma once
#include "services/litellm/domain/dialogue.hpp"
#include "services/litellm/domain/raw_events.hpp"

namespace seance::litellm {

// A stream of a form that client and upstream share: events keep their bytes, but for the model's name.
class NativeRelay : public StreamRelay {
  public:
    explicit NativeRelay(const AnswerContext& context) : context_(context) {}

    Step feed(std::string_view bytes) final;
    Step end() final;

  protected:
    // Whether the data of an event is a JSON object to look into; other events go on as they are.
    virtual bool is_object(std::string_view data) const { return !data.empty(); }
    virtual void take(const RawEvents::Event& event, const JsonValue& root, Step& step) = 0;
    // The upstream may close now, although it has not said that this is the end.
    virtual bool is_complete() const { return false; }

    // The event with the client's name for the model in `part`, an object in `root`.
    std::string with_name(const RawEvents::Event& event, const JsonValue& root, const JsonValue& part) const;
    // The event with another text for `part`, which is in `root`.
    static std::string with_part(const RawEvents::Event& event, const JsonValue& root, const JsonValue& part,
                                 std::string_view text);
    ApiError broken(std::string_view why) const;
    const AnswerContext& context() const { return context_; }

  private:
    void take(const RawEvents::Event& event, Step& step);

    AnswerContext context_;
    RawEvents events_;
};

}  // namespace seance::litellm
