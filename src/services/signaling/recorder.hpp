#pragma once
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/base/duration.hpp"
#include "services/signaling/message.hpp"

namespace seance::signaling {

// Writes what clients do, one JSON object a line, for --replay (docs/signaling.md describes the format).
// Without `content` it keeps of a message its type, size and hashed rooms. Any thread.
class Recorder {
  public:
    Recorder(const std::string& path, bool content);  // throws config::Unusable if it cannot be written

    void opened(std::uint64_t connection);
    // `message`: what was understood of `text`; nullptr if it was not.
    void received(std::uint64_t connection, std::string_view text, const Message* message);
    void closed(std::uint64_t connection);

  private:
    void write(std::uint64_t connection, std::string_view event, std::string_view more);

    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    std::mutex mutex_;
    std::unique_ptr<std::FILE, Close> file_;
    const bool content_;
    const Instant began_ = Clock::now();
};

}  // namespace seance::signaling
