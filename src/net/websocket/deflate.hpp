#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "net/http/message.hpp"

namespace seance::websocket {

// permessage-deflate (RFC 7692), without I/O. We always agree on no context takeover, in both directions: a
// compressed message then depends on no other, so that one is made for all receivers, and a connection keeps
// no window between messages.

// What a client's Sec-WebSocket-Extensions is answered with. `server_bits` is the window that we may use
// when we compress, 0: nothing was agreed on and `field` is empty. An offer that we cannot keep is passed
// over for the next one (section 5).
struct DeflateAnswer {
    std::uint8_t server_bits = 0;
    std::string field;
};
DeflateAnswer answer_deflate_offers(const http::FieldViews& fields);

// Compresses one message at a time. One per loop: each holds about 300 KB of zlib's memory once used.
class Deflater {
  public:
    explicit Deflater(std::uint8_t bits);
    ~Deflater();
    Deflater(Deflater&&) noexcept;

    std::string compress(std::string_view message);  // without the four bytes at its end (section 7.2.1)

  private:
    struct Stream;
    std::unique_ptr<Stream> stream_;
};

// Expands one message at a time; many connections of a loop share one.
class Inflater {
  public:
    enum class Outcome { Done, TooBig, Broken };

    Inflater();
    ~Inflater();

    // Appends to `out`, stops as soon as it holds more than `most` bytes: what a few bytes can grow to
    // (a thousand times their size) is never built.
    Outcome expand(std::string_view compressed, std::size_t most, std::string& out);

  private:
    struct Stream;
    std::unique_ptr<Stream> stream_;
};

// Of this thread.
Inflater& inflater();
Deflater& deflater(std::uint8_t bits);  // 9 to 15

}  // namespace seance::websocket
