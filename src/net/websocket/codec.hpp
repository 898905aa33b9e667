#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/websocket/utf8.hpp"

namespace seance::websocket {

// RFC 6455 section 5, and compressed messages of RFC 7692, without I/O.

enum class Opcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

// Which end we are: a client masks what it sends and refuses masked frames, a server the other way round.
enum class Role : std::uint8_t { Server, Client };

// RFC 6455 section 7.4.1, and the registry for the last two.
namespace close_code {
inline constexpr std::uint16_t kNormal = 1000;
inline constexpr std::uint16_t kGoingAway = 1001;
inline constexpr std::uint16_t kProtocolError = 1002;
inline constexpr std::uint16_t kNone = 1005;      // the Close frame held no code; never sent
inline constexpr std::uint16_t kAbnormal = 1006;  // ended without a Close frame; never sent
inline constexpr std::uint16_t kBadData = 1007;
inline constexpr std::uint16_t kPolicy = 1008;
inline constexpr std::uint16_t kTooBig = 1009;
inline constexpr std::uint16_t kInternalError = 1011;
inline constexpr std::uint16_t kTryAgainLater = 1013;
}  // namespace close_code

bool may_be_sent(std::uint16_t code);  // as the code of a Close frame

inline constexpr std::size_t kMostControlPayload = 125;
using MaskKey = std::array<unsigned char, 4>;

// Takes a stream of bytes apart into messages and control frames. Its memory is bounded by the limit; between
// messages it holds none on the heap.
class Decoder {
  public:
    Decoder(Role role, std::size_t most_message) : most_message_(most_message), role_(role) {}

    // permessage-deflate was agreed on, without context takeover: messages may come compressed, and are
    // given expanded. The limit holds before and after.
    void allow_deflate() { deflate_ = true; }

    struct Step {
        enum Kind { NeedMore, Message, Ping, Pong, Close, Failed } kind = NeedMore;
        std::size_t consumed = 0;  // bytes of the input that are dealt with
        Opcode opcode{};           // Message: Text or Binary
        std::string_view payload;  // Message, Ping, Pong; Close: the reason. Good until the next call
        std::uint16_t code = 0;    // Close: the peer's, kNone without one; Failed: what to close with
        const char* reason = "";   // Failed: a literal without input in it
    };

    // Takes as much of `input` as gives one step; call again with the rest until NeedMore. Unmasks in place,
    // so that a message that lies in one piece is never copied. After Failed or Close it takes no more.
    Step take(std::span<char> input);

    // Bytes of memory that hold a message whose rest has not come.
    std::size_t held() const { return pieces_ ? pieces_->message.size() + pieces_->control.size() : 0; }
    void abandon() {  // takes no more, and holds nothing
        ended_ = true;
        pieces_.reset();
    }

  private:
    Step head(std::span<char> input);
    Step payload(std::span<char> input);
    Step data_frame(std::span<char> piece, Step step);
    Step compressed_frame(std::string_view piece, Step step);
    Step control_frame(std::span<char> piece, Step step);
    Step fail(std::uint16_t code, const char* reason);

    struct Pieces {
        std::string message;  // of a message in pieces
        std::string control;  // of a control frame in pieces
        std::string expanded;
    };
    Pieces& pieces();
    std::size_t gathered() const { return pieces_ ? pieces_->message.size() : 0; }

    std::unique_ptr<Pieces> pieces_;  // only while there is something in pieces
    std::size_t most_message_;
    std::uint64_t left_ = 0;  // of the current frame's payload
    std::array<unsigned char, 14> head_{};
    MaskKey mask_{};
    std::uint8_t head_size_ = 0;
    std::uint8_t phase_ = 0;  // of the mask
    Role role_;
    Opcode frame_{}, kind_{};  // kind_: of the message under way, Continuation if there is none
    Utf8Check utf8_;
    bool in_payload_ = false, fin_ = false, release_ = false, ended_ = false;
    bool deflate_ = false, compressed_ = false;
};

// The head of a frame; with a mask for Role::Client.
void append_head(std::string& out, Opcode opcode, std::uint64_t size, bool fin = true,
                 const MaskKey* mask = nullptr, bool compressed = false);

// A whole frame as a server sends it, and as a client does.
void append_frame(std::string& out, Opcode opcode, std::string_view payload, bool fin = true);
void append_masked_frame(std::string& out, Opcode opcode, std::string_view payload, const MaskKey& mask,
                         bool fin = true);

// The payload of a Close frame. The reason is cut to fit, at the border of a character.
std::string close_payload(std::uint16_t code, std::string_view reason);

}  // namespace seance::websocket
