#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "net/websocket/shared_frame.hpp"

namespace seance::signaling {

// Why a message ends its connection.
enum class Errc {
    NotJson = 1,  // malformed
    NotAnObject,  // JSON, but no object
    WrongType,    // a field that is used has another type than it must
    TooDeep,      // nested deeper than JsonScanner::kMostDepth
};
error_code make_error_code(Errc code);

// What a client said; views into the text it was parsed from and into the parser, good until its next
// parse().
struct Message {
    enum class Type { Ignored, Subscribe, Unsubscribe, Publish, Ping };
    Type type = Type::Ignored;
    std::string_view topic;                // of a publish; may be empty
    std::vector<std::string_view> topics;  // of subscribe and unsubscribe: the strings among them
    std::string_view text;                 // all of it

    // Where `clients` belongs in the text: the values that stand there already, or none of them and the place
    // before the closing brace.
    struct Gap {
        std::size_t begin, end;
    };
    std::vector<Gap> clients;
    std::size_t closing_brace = 0;
};

// Reads a message without building a tree. Of equal keys the last counts, as in JavaScript.
class MessageParser {
  public:
    Result<const Message*> parse(std::string_view text);

  private:
    std::string_view decode(std::string_view raw, bool escaped);

    Message message_;
    std::deque<std::string> decoded_;  // strings that were written with escapes
};

// A publish as every subscriber gets it: its own text, every byte kept, with `clients` set. A view of the
// message.
class Relay {
  public:
    Relay(const Message& publish, std::size_t clients)
        : Relay(publish.text, publish.clients, publish.closing_brace, clients) {}
    // Of the text of a publish that another loop or replica has parsed; nothing where only a parser can tell
    // whether there are `clients` in it already.
    static std::optional<Relay> of_parsed(std::string_view text, std::size_t clients);

    std::size_t frame_bytes() const { return bytes_ + websocket::kMostHead; }  // at most
    void append_frame(std::string& out) const;

  private:
    Relay(std::string_view text, std::span<const Message::Gap> gaps, std::size_t closing_brace,
          std::size_t clients);

    std::string_view text_;
    std::span<const Message::Gap> gaps_;
    std::size_t closing_brace_;
    std::string clients_;
    std::size_t bytes_;  // of the payload
};

}  // namespace seance::signaling

template <>
struct boost::system::is_error_code_enum<seance::signaling::Errc> : std::true_type {};
