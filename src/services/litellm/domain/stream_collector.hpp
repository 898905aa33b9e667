#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "services/litellm/domain/sse.hpp"

namespace seance::litellm {

// Makes the whole answer of the OpenAI stream that a client got, for the cache.
class StreamCollector {
  public:
    void feed(std::string_view sent);  // bytes of the stream, cut anywhere
    // {"id":…,"object":"chat.completion",…}; nothing unless the stream ended with [DONE], and was not larger
    // than kMost.
    std::optional<std::string> completion() const;

    static constexpr std::size_t kMost = 4 << 20;

  private:
    struct Call {
        std::string id, name, arguments;
    };
    struct Choice {
        std::string content, reasoning, finish;
        bool said = false;
        std::map<long, Call> calls;
    };
    void take(std::string_view chunk);

    SseParser events_;
    std::string id_, created_, model_, fingerprint_, usage_;  // JSON
    std::map<long, Choice> choices_;
    std::size_t size_ = 0;
    bool done_ = false;
};

}  // namespace seance::litellm
