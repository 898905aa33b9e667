#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "services/litellm/domain/chat_answer.hpp"

namespace seance::litellm {

// A streamed answer on its way from the upstream's events to the client's: reference, section 11. Pure:
// events in, bytes of server-sent events out.
class ChatStream {
  public:
    ChatStream(AnswerContext context, bool include_usage)
        : context_(std::move(context)), include_usage_(include_usage) {}

    struct Step {
        std::string out = {};  // to send as it is
        bool content = false;  // `out` holds something a person would see: no more retries after it
        std::optional<ApiError> error = {};  // the stream has failed
        bool done = false;                   // nothing more comes
    };
    Step take(std::string_view data);  // the data of one event
    Step end();                        // the upstream has closed

    const Usage& usage() const { return usage_; }
    static std::string error_event(const ApiError& error);  // for a stream that has begun

  private:
    struct Choice {
        bool finished = false, has_tools = false;
    };
    void take_choices(JsonEdit& edit, const JsonValue& choices, Step& step);
    std::optional<std::string> note_delta(const JsonValue& delta, Choice& choice, Step& step,
                                          std::string_view finish);
    Step close();
    std::string chunk(std::string_view choices, std::string_view usage) const;
    ApiError broken(std::string_view why) const;

    AnswerContext context_;
    bool include_usage_;
    bool begun_ = false, role_sent_ = false, done_ = false;
    std::string id_, created_;  // JSON, constant over the stream
    std::string usage_chunk_, usage_json_;
    std::map<std::string, Choice> choices_;  // by index
    Usage usage_;
    std::uint64_t content_bytes_ = 0;
};

}  // namespace seance::litellm
