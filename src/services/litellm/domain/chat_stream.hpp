#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "services/litellm/domain/chunk_pattern.hpp"
#include "services/litellm/domain/client_form.hpp"

namespace seance::litellm {

// A streamed answer in OpenAI's chunks, made sound for clients: one id, a role, known finish words, usage
// only if wanted, and never an end that looks whole when it is not. Reference, section 11. Pure. `client`
// outlives it.
class ChatStream {
  public:
    ChatStream(AnswerContext context, bool include_usage, ClientStream& client)
        : context_(std::move(context)), include_usage_(include_usage), client_(client) {}

    using Step = StreamRelay::Step;
    void take(std::string_view data, Step& step);  // a chunk, or [DONE]
    void end(Step& step);                          // the upstream has closed

    const Usage& usage() const;

  private:
    struct Choice {
        bool finished = false, has_tools = false;
    };
    // The one text in a chunk, if the chunk has but that and goes to the client as it came.
    using OneText = std::optional<ChunkPattern::Variable>;
    bool take_alike(std::string_view data, Step& step);
    OneText take_choices(JsonEdit& edit, const JsonValue& choices, Step& step);
    std::optional<std::string> note_delta(const JsonValue& delta, Choice& choice, Step& step,
                                          std::string_view finish, OneText& text);
    void close(Step& step);
    void send(std::string_view json, Step& step) { client_.chunk(json, step.out); }
    std::string chunk(std::string_view choices, std::string_view usage) const;
    std::string last_chunk() const;  // usage, for clients that want it
    ApiError broken(std::string_view why) const;

    AnswerContext context_;
    bool include_usage_;
    ClientStream& client_;
    bool begun_ = false, role_sent_ = false, done_ = false;
    std::string id_, created_;  // JSON, constant over the stream
    std::string usage_chunk_, usage_json_;
    std::map<std::string, Choice> choices_;  // by index
    mutable Usage usage_;
    std::uint64_t content_bytes_ = 0;
    ChunkPattern alike_;
    std::uint64_t other_bytes_ = 0;  // of content in a chunk that is alike, besides its text
};

}  // namespace seance::litellm
