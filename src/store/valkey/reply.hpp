#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace seance::valkey {

// What the server answered to one command (RESP2). `Error` is the server's own refusal ("WRONGTYPE …"): the
// connection is well.
struct Reply {
    enum class Kind { Nil, Text, Status, Integer, Error, List };

    Kind kind = Kind::Nil;
    std::string text;  // of Text, Status and Error; any bytes
    std::int64_t integer = 0;
    std::vector<Reply> list;

    bool nil() const { return kind == Kind::Nil; }
    bool failed() const { return kind == Kind::Error; }
    bool ok() const { return kind == Kind::Status && text == "OK"; }
};

// Takes bytes as they come and gives whole replies, in order. Without I/O; the parsing is hiredis'.
class ReplyReader {
  public:
    explicit ReplyReader(std::size_t most = 64 << 20) : most_(most) { reset(); }

    // False when the bytes are not RESP or a reply is larger than `most`: the connection is lost then.
    bool feed(std::string_view bytes);
    // The next whole reply. Nothing: more bytes are needed, or broken().
    std::optional<Reply> next();
    bool broken() const { return broken_; }
    bool between_replies() const;  // all that was fed has been given
    const std::string& reason() const { return reason_; }
    void reset();

  private:
    struct Free {
        void operator()(redisReader* reader) const;
    };
    bool fail(std::string reason);

    std::size_t most_;
    std::unique_ptr<redisReader, Free> reader_;
    bool broken_ = false;
    std::string reason_;
};

void append_length(std::string& wire, char kind, std::size_t length);  // "$5\r\n"

// A command as the server reads it: an array of bulk strings. `arguments` may hold any bytes.
template <class Range>
void append_command(std::string& wire, const Range& arguments) {
    append_length(wire, '*', std::size(arguments));
    for (std::string_view argument : arguments) {
        append_length(wire, '$', argument.size());
        wire.append(argument).append("\r\n", 2);
    }
}
template <class Range>
std::string encode_command(const Range& arguments) {
    std::string wire;
    append_command(wire, arguments);
    return wire;
}

}  // namespace seance::valkey
