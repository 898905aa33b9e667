#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "services/litellm/domain/chat_answer.hpp"
#include "services/litellm/domain/json_build.hpp"
#include "services/litellm/domain/sse.hpp"

namespace seance::litellm {

// Makes the whole answer of the OpenAI stream that a client got, for the cache.
class StreamCollector {
  public:
    void feed(std::string_view sent);  // bytes of the stream, cut anywhere
    // {"id":…,"object":"chat.completion",…}; nothing unless the stream ended with [DONE], was not larger than
    // kMost and held nothing in its deltas that cannot be put together here. `usage`: if the client was sent
    // none.
    std::optional<std::string> completion(const Usage& usage) const;

    static constexpr std::size_t kMost = 4 << 20;

  private:
    using Members = std::map<std::string, std::string>;  // name → JSON
    struct Call {
        std::string id, name, arguments;
        Members more;
    };
    struct Choice {
        std::map<std::string, std::string> texts;          // content, reasoning_content, …
        std::map<std::string, JsonArray> lists, logprobs;  // thinking_blocks, images, …
        std::map<long, Call> calls;
        std::optional<Call> function;  // the old function_call
        std::string finish;
        Members more;  // beside the delta; the last counts
    };
    void take(std::string_view chunk);
    void take_choice(const JsonValue& item);
    void take_delta(const JsonMember& member, Choice& choice);
    static void take_call(const JsonFields& function, Call& call);
    static std::string message_of(const Choice& choice);

    SseParser events_;
    Members members_;
    std::map<long, Choice> choices_;
    std::size_t size_ = 0;
    bool done_ = false, unknown_ = false;
};

}  // namespace seance::litellm
