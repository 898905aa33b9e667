#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/room_token.hpp"

namespace seance::signaling {

// What the room tokens of one connection allow together. Without I/O; `now` in seconds since 1970.
class Grants {
  public:
    enum class Right { None, Read, Write };

    void add(RoomToken token) { tokens_.push_back(std::move(token)); }
    bool empty() const { return tokens_.empty(); }

    // The best that a token says which has not expired.
    Right on(std::string_view topic, std::int64_t now) const {
        auto right = Right::None;
        for (const auto& token : tokens_)
            if (token.expires > now && token.names(topic)) {
                if (token.write) return Right::Write;
                right = Right::Read;
            }
        return right;
    }

  private:
    std::vector<RoomToken> tokens_;
};

}  // namespace seance::signaling
