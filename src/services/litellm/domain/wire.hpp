#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "services/litellm/domain/dialogue.hpp"

namespace seance::litellm {

// From an upstream's stream to the chunks of OpenAI's form. Fed with bytes cut anywhere.
class StreamDecoder {
  public:
    virtual ~StreamDecoder() = default;
    virtual void feed(std::string_view bytes) = 0;
    // The next chunk as JSON text, or "[DONE]"; nothing until more bytes come.
    virtual std::optional<std::string> next() = 0;
    // At the end of the bytes: what was left unfinished, or what the form leaves unsaid.
    virtual std::optional<std::string> rest() = 0;
    // Bytes that are no stream of this form; next() and rest() give nothing more.
    virtual std::optional<ApiError> error() const = 0;
};

// How one upstream is spoken to, for one attempt: it remembers what it asked for as far as that is needed to
// read the answer. OpenAI's form is the common one on this side of it.
class Wire {
  public:
    virtual ~Wire() = default;

    // The request for a chat, or why this provider cannot be asked for it.
    virtual Answer<UpstreamCall> call(const ChatRequest& request) = 0;
    // Answers are OpenAI's already: completion() would only copy them.
    virtual bool is_openai() const { return false; }
    // A whole answer as an OpenAI completion, not yet completed by rewrite_completion().
    virtual Answer<std::string> completion(std::string_view body) = 0;
    virtual std::unique_ptr<StreamDecoder> decoder() = 0;
    virtual ApiError error(int status, std::string_view body) const = 0;
    // Whether what answers a streamed call is a stream; some upstreams answer whole all the same.
    virtual bool is_stream(std::string_view content_type, std::string_view first_piece) const;
};

// By the provider's kind.
std::unique_ptr<Wire> make_wire(const Destination& to, const AnswerContext& context);

// Whether chats can be held with that provider, as far as its form goes.
bool has_wire(const Provider& provider);

}  // namespace seance::litellm
