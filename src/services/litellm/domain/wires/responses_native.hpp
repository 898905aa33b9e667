#pragma once
#include "services/litellm/domain/dialogue.hpp"

namespace seance::litellm {

// What an answer of /responses is called on the client's side.
struct ResponseNames {
    std::string model;       // "": as the upstream says
    std::string deployment;  // id, part of the answer's own
    std::string scope;       // whose answer it is
    std::string secret;      // the gateways' own
};

// An answer (object) with the model, the id and the id of the answer before it as the client knows them.
std::string rename_response(const JsonValue& response, const ResponseNames& names);

// A client and an upstream that both speak OpenAI's Responses: only names change on the way: the model's, and
// the ids of answers, which say where they are kept. `root` is the client's body and outlives it.
class ResponsesNative final : public Dialogue {
  public:
    ResponsesNative(const JsonValue& root, bool stream, const Destination& to, AnswerContext context,
                    std::string scope);

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
    ResponseNames names_;
};

}  // namespace seance::litellm
