#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace seance::signaling::sync {

// The binary encoding of lib0, in which Yjs writes everything: numbers of seven bits a byte, low bits first,
// and what is counted by them. JavaScript counts exactly up to this:
inline constexpr std::uint64_t kMostNumber = (std::uint64_t{1} << 53) - 1;

// Reads values one after the other out of `text`, which must outlive what it gives. Strict: a number has no
// needless bytes and is at most kMostNumber, text is UTF-8, values nest at most kMostDepth. After the first
// thing that is none of this, or cut off, ok() is false, nothing is left, and every value is 0 or empty: so a
// whole record can be read before asking.
class Lib0Reader {
  public:
    static constexpr int kMostDepth = 256;

    explicit Lib0Reader(std::string_view text) : rest_(text) {}

    std::uint8_t byte();
    std::uint64_t number();    // varUint
    void skip_signed();        // varInt
    std::string_view bytes();  // varUint8Array
    std::string_view text();   // varString
    void skip_value();         // any
    std::string_view take(std::uint64_t size);

    // Calls skip() and gives the bytes that it went over.
    template <class Skip>
    std::string_view spanned(Skip skip) {
        auto before = rest_;
        skip();
        return ok_ ? before.substr(0, before.size() - rest_.size()) : std::string_view{};
    }

    bool ok() const { return ok_; }
    bool finished() const { return ok_ && rest_.empty(); }
    std::size_t left() const { return rest_.size(); }
    void fail() {
        ok_ = false;
        rest_ = {};
    }

  private:
    void skip_value(int depth);

    std::string_view rest_;
    bool ok_ = true;
};

void append_number(std::string& out, std::uint64_t value);
void append_bytes(std::string& out, std::string_view bytes);  // also a text
std::size_t size_of_number(std::uint64_t value);

// JavaScript counts text in units of UTF-16: two for a character of four bytes. `text` has to be UTF-8.
std::uint64_t utf16_units(std::string_view text);

}  // namespace seance::signaling::sync
