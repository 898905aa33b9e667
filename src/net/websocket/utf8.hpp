#pragma once
#include <cstdint>
#include <string_view>

namespace seance::websocket {

// Checks UTF-8 (Unicode table 3-7) that arrives in pieces cut anywhere.
class Utf8Check {
  public:
    bool feed(std::string_view piece);            // false at the first byte that can belong to no character
    bool complete() const { return more_ == 0; }  // between two characters
    void reset() { *this = {}; }

  private:
    std::uint8_t more_ = 0;                  // bytes that the current character still needs
    std::uint8_t low_ = 0x80, high_ = 0xBF;  // bounds of the next of them
};

}  // namespace seance::websocket
