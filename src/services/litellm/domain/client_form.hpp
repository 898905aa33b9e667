#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "services/litellm/domain/dialogue.hpp"

namespace seance::litellm {

// A stream as the client reads it, made of OpenAI chunks.
class ClientStream {
  public:
    virtual ~ClientStream() = default;
    // One chunk: valid JSON on one line. Appends what the client gets to `out`, if anything.
    virtual void chunk(std::string_view json, std::string& out) = 0;
    virtual void done(std::string& out) = 0;  // the answer is complete
    virtual std::string error_event(const ApiError& error) const = 0;
};

// How a client speaks, for one of its calls: its body becomes a request in OpenAI's form, and the answer
// comes back in the client's own. Keeps what it needs of the request; lives as long as the call.
class ClientForm {
  public:
    virtual ~ClientForm() = default;

    // LiteLLM's word for this kind of call, such as acompletion.
    virtual std::string_view call_type() const = 0;
    virtual Answer<ChatRequest> parse(std::string body, const http::FieldViews& fields,
                                      std::string_view path_model, const Config& config) = 0;
    // The talk with one upstream: in its own form if the client speaks the same, else through OpenAI's.
    virtual Answer<std::unique_ptr<Dialogue>> begin(const ChatRequest& request, const Destination& to,
                                                    const AnswerContext& context) = 0;
    virtual std::string error_body(const ApiError& error) const = 0;
    // The id of the deployment that gave the answer which this call goes on from; "" if there is none.
    virtual std::string goes_on_from() const { return {}; }
    // The request with its prompt as the client wrote it.
    virtual const JsonValue& as_asked(const ChatRequest& request) const { return request.root; }

    // For answers that are made here (mock, cache): an OpenAI completion and its chunks as the client reads
    // them.
    virtual std::string whole(std::string completion, const AnswerContext& context) const = 0;
    virtual std::unique_ptr<ClientStream> stream(const AnswerContext& context) const = 0;
};

// OpenAI's /chat/completions: bytes stay as they are wherever both sides speak it.
class ChatForm : public ClientForm {
  public:
    std::string_view call_type() const override { return "acompletion"; }
    Answer<ChatRequest> parse(std::string body, const http::FieldViews& fields, std::string_view path_model,
                              const Config& config) override;
    Answer<std::unique_ptr<Dialogue>> begin(const ChatRequest& request, const Destination& to,
                                            const AnswerContext& context) override;
    std::string error_body(const ApiError& error) const override { return error.json(); }
    std::string whole(std::string completion, const AnswerContext& context) const override;
    std::unique_ptr<ClientStream> stream(const AnswerContext& context) const override;
};

}  // namespace seance::litellm
