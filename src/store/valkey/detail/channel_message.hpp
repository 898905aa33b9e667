#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace seance::valkey {

// What stands at the beginning of a subscriber's bytes (RESP2), read in place: they are most of what it gets.
struct ChannelMessage {
    enum class State : std::uint8_t {
        Whole,  // ["message", channel, payload], or "smessage" of a sharded channel
        Begun,  // as it seems: the rest has not come
        Other,
    };
    State state = State::Other;
    std::string_view channel, payload;  // views of the bytes, if Whole
    std::size_t size = 0;               // of all of it, if Whole
};

ChannelMessage read_channel_message(std::string_view bytes);

}  // namespace seance::valkey
