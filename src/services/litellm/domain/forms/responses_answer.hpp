#pragma once
#include <functional>
#include <string>
#include <vector>

#include "services/litellm/domain/client_form.hpp"
#include "services/litellm/domain/forms/responses_events.hpp"
#include "services/litellm/domain/json_build.hpp"

// From OpenAI's chat answers to its Responses: reference, section 12.4.
namespace seance::litellm {

// The whole of an answer while it is put together. `echo`: the members of the request that an answer repeats.
struct ResponseDraft {
    std::string id, model, echo;
    std::int64_t created = 0;
    std::vector<OutputItem> items;
    std::string finish;
    std::string usage;         // JSON in the form of Responses, or ""
    ResponseSteps steps = {};  // of a stream

    std::string json(std::string_view status, const ApiError* error = nullptr) const;
    std::string finished_status() const;    // completed or incomplete
    std::string assistant_message() const;  // as the chat goes on with it
};

std::string responses_usage(const std::optional<JsonValue>& chat_usage);
std::string responses_echo(const JsonValue& request);
std::string response_id(const AnswerContext& context);

ResponseDraft draft_of(std::string_view completion, const AnswerContext& context, std::string echo);

class ResponsesClientStream final : public ClientStream {
  public:
    using Kept = std::function<void(const ResponseDraft&)>;
    // `kept` hears of an answer that is complete.
    ResponsesClientStream(const AnswerContext& context, std::string echo, Kept kept);

    void chunk(std::string_view json, std::string& out) override;
    void done(std::string& out) override;
    std::string error_event(const ApiError& error) const override;

  private:
    void begin(std::string& out);
    std::size_t item_for(OutputItem::Kind kind, std::string& out);
    void add(std::string& out);
    void say(std::size_t index, const JsonValue& text, std::string& out);
    void close(std::size_t index, std::string& out);
    void take_calls(const JsonFields& delta, std::string& out);

    ResponseDraft draft_;
    Kept kept_;
    bool begun_ = false;
    mutable ResponseEvents events_;
};

}  // namespace seance::litellm
