#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace seance {

using Sha256Digest = std::array<unsigned char, 32>;

Sha256Digest sha256(std::string_view data);
Sha256Digest hmac_sha256(std::string_view key, std::string_view data);

// The 20 bytes of HMAC-SHA-1: for TURN credentials alone, whose servers know no other.
std::string hmac_sha1(std::string_view key, std::string_view data);

// The 16 bytes of MD5: for Content-MD5 alone, which some servers demand. It protects nothing.
std::string md5(std::string_view data);

// Lower-case hex of any bytes.
std::string hex(std::string_view bytes);
std::string hex(const Sha256Digest& digest);
std::string sha256_hex(std::string_view data);

// True if `text` is exactly `digits` hex digits of either case.
bool is_hex(std::string_view text, std::size_t digits);

// SHA-256 of data that arrives in pieces.
class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void update(std::string_view data);
    Sha256Digest finish();  // once

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

}  // namespace seance
