#include "store/valkey/detail/channel_message.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace seance::valkey {
namespace {

using State = ChannelMessage::State;

constexpr std::array<std::string_view, 2> kHeads{"*3\r\n$7\r\nmessage\r\n", "*3\r\n$8\r\nsmessage\r\n"};
constexpr std::size_t kMostDigits = 10;  // of a length; what is longer is left to the parser of everything

State take_head(std::string_view& bytes) {
    for (auto head : kHeads) {
        const auto there = bytes.substr(0, head.size());
        if (there == head) return bytes.remove_prefix(head.size()), State::Whole;
        if (head.starts_with(there)) return State::Begun;
    }
    return State::Other;
}

State take_text(std::string_view& bytes, std::string_view& text) {
    if (bytes.empty()) return State::Begun;
    if (bytes[0] != '$') return State::Other;
    const auto end = bytes.substr(0, 1 + kMostDigits + 2).find("\r\n");
    if (end == std::string_view::npos)
        return bytes.size() < 1 + kMostDigits + 2 ? State::Begun : State::Other;
    std::size_t size = 0;
    const auto* last = bytes.data() + end;
    const auto [stopped, error] = std::from_chars(bytes.data() + 1, last, size);
    if (error != std::errc{} || stopped != last) return State::Other;
    const auto begin = end + 2;
    if (bytes.size() < begin + size + 2) return State::Begun;
    if (bytes.substr(begin + size, 2) != "\r\n") return State::Other;
    text = bytes.substr(begin, size);
    bytes.remove_prefix(begin + size + 2);
    return State::Whole;
}

}  // namespace

ChannelMessage read_channel_message(std::string_view bytes) {
    ChannelMessage message;
    auto rest = bytes;
    message.state = take_head(rest);
    if (message.state == State::Whole) message.state = take_text(rest, message.channel);
    if (message.state == State::Whole) message.state = take_text(rest, message.payload);
    if (message.state == State::Whole) message.size = bytes.size() - rest.size();
    return message;
}

}  // namespace seance::valkey
