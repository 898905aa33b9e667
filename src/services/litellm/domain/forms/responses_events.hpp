#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/litellm/domain/json_text.hpp"

// The events of an answer of /responses, as it comes and when it is shown again.
namespace seance::litellm {

// One item of an answer's output.
struct OutputItem {
    enum class Kind { Reasoning, Message, Call };
    Kind kind = Kind::Message;
    std::string id = {};
    std::string text = {};  // of a call: its arguments
    std::string call_id = {}, name = {};
    std::string tool = {};  // OpenAI's index, in a stream
    bool closed = false;

    std::string json(bool done, bool cut = false) const;  // cut: its end is missing
};

// What happened to an item of a stream: enough to send the same events again.
struct ResponseStep {
    enum class Kind { Added, Delta, Done };
    Kind kind = Kind::Added;
    std::size_t item = 0;
    std::size_t bytes = 0;  // of a delta
};
using ResponseSteps = std::vector<ResponseStep>;

// Writes events, numbered from 0; those up to `after` are left out.
class ResponseEvents {
  public:
    explicit ResponseEvents(std::optional<std::uint64_t> after = {}) : after_(after) {}

    void began(const std::string& response, std::string& out);  // of status in_progress
    void added(const OutputItem& item, std::size_t index, std::string& out);
    void delta(const OutputItem& item, std::size_t index, std::string_view literal, std::string& out);
    void done(const OutputItem& item, std::size_t index, bool cut, std::string& out);
    void ended(std::string_view status, const std::string& response, std::string& out);

  private:
    void event(std::string_view type, const std::string& members, std::string& out);

    std::optional<std::uint64_t> after_;
    std::uint64_t sequence_ = 0;
};

// The events of an answer that is complete: those that its stream had, or as few as there can be where it was
// no stream.
std::string replay_response(const JsonValue& response, const ResponseSteps& steps,
                            std::optional<std::uint64_t> after);

}  // namespace seance::litellm
