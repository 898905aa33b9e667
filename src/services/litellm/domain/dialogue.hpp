#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "services/litellm/domain/chat_answer.hpp"
#include "services/litellm/domain/upstream_call.hpp"

namespace seance::litellm {

// Where one attempt goes. The parts outlive the dialogue.
struct Destination {
    const Endpoint& endpoint;
    const Deployment& deployment;
    const Config& config;
    const http::FieldViews* client = nullptr;  // the fields of the client's request; none for our own calls
};

// A streamed answer on its way from the upstream's bytes to the client's. Pure: bytes in, bytes out.
class StreamRelay {
  public:
    struct Step {
        std::string out = {};  // to send as it is
        bool content = false;  // `out` holds something a person would see: no more retries after it
        std::optional<ApiError> error = {};  // the stream has failed; error_event() is not in `out` yet
        bool done = false;                   // nothing more comes

        bool over() const { return done || error; }
    };

    virtual ~StreamRelay() = default;
    virtual Step feed(std::string_view bytes) = 0;  // a piece as it came, cut anywhere
    virtual Step end() = 0;                         // the upstream has closed
    virtual const Usage& usage() const = 0;         // so far; estimated if the upstream has not said
    virtual std::string error_event(const ApiError& error) const = 0;  // for a stream that has begun
};

// What is said between one client and one upstream in one attempt: the request in the upstream's form, its
// answer in the client's. Pure. Made by ClientForm::begin().
class Dialogue {
  public:
    virtual ~Dialogue() = default;

    // The whole answer, if no upstream is needed for it; then nothing else is asked.
    virtual std::optional<Completion> local() { return std::nullopt; }
    virtual Answer<UpstreamCall> call() = 0;
    // The next of several calls that one answer takes, after such an answer to the last one; nothing: that
    // was the only one, or the last, and whole() is for it.
    virtual std::optional<UpstreamCall> next_call(std::string_view body) {
        (void)body;
        return std::nullopt;
    }
    // A whole answer with a success status.
    virtual Answer<Completion> whole(std::string_view body) = 0;
    virtual std::unique_ptr<StreamRelay> stream() = 0;
    // What an error status means; errors that are in no need of translation keep the default.
    virtual ApiError error(int status, std::string_view body) const = 0;

    // The answer is bytes that nobody looks into (audio, subtitles): sent on as they come.
    virtual bool opaque(std::string_view content_type) const {
        (void)content_type;
        return false;
    }
    // Whether what came is a stream; if not, it is collected and goes through whole_as_stream().
    virtual bool is_stream(std::string_view content_type, std::string_view first_piece) const;
    // A whole answer to a streamed call, as the bytes of a stream.
    virtual Answer<Completion> whole_as_stream(std::string_view body) = 0;
};

// Neither declared as JSON nor beginning like an object.
bool looks_like_stream(std::string_view content_type, std::string_view first_piece);

}  // namespace seance::litellm
