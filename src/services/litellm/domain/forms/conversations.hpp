#pragma once
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "services/litellm/domain/forms/responses_events.hpp"

namespace seance::litellm {

// What translated /responses calls have said, so that previous_response_id can go on from there. Of this
// process alone, newest first, up to a number of bytes; each is seen only by the key that made it.
class Conversations {
  public:
    struct Kept {
        std::string messages;      // the chat so far, the answer included: JSON elements without brackets
        std::string response;      // the answer as the client got it
        std::string input;         // the items of this call's input, likewise without brackets
        ResponseSteps steps = {};  // of an answer that was streamed
    };
    explicit Conversations(std::size_t most_bytes = 64 << 20) : most_(most_bytes) {}

    void keep(const std::string& scope, const std::string& id, Kept kept);
    std::shared_ptr<const Kept> find(const std::string& scope, const std::string& id);
    bool forget(const std::string& scope, const std::string& id);

  private:
    struct Entry {
        std::string name;
        std::shared_ptr<const Kept> kept;
        std::size_t size = 0;
    };
    void drop(std::list<Entry>::iterator entry);

    // Loops share it; nobody waits for longer than it takes to move a pointer.
    std::mutex mutex_;
    std::size_t most_, size_ = 0;
    std::list<Entry> entries_;
    std::unordered_map<std::string, std::list<Entry>::iterator> by_name_;
};

Conversations& conversations();

}  // namespace seance::litellm
