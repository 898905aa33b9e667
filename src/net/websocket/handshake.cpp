#include "net/websocket/handshake.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "core/base/base64.hpp"
#include "core/base/id.hpp"
#include "core/base/text.hpp"

namespace seance::websocket {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 section 1.3
constexpr std::size_t kKeyBytes = 16;

bool is_base64_digit(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

bool is_key(std::string_view text) {
    // Strict, unlike base64_decode: 22 digits, of which the last has four bits to spare that are 0, and two
    // signs of padding are the only spelling.
    constexpr std::string_view kLast = "AQgw";
    return text.size() == 24 && text.ends_with("==") && kLast.find(text[21]) != kLast.npos &&
           std::all_of(text.begin(), text.begin() + 21, is_base64_digit);
}

// Looked up once: EVP_sha1() has every digest look it up again, which costs as much as the digest.
const EVP_MD* sha1() {
    static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA1", nullptr);
    return method;
}

}  // namespace

std::string accept_key(std::string_view key) {
    auto text = std::string(key) + std::string(kGuid);
    std::array<unsigned char, 20> digest{};
    unsigned size = 0;
    if (!sha1() || EVP_Digest(text.data(), text.size(), digest.data(), &size, sha1(), nullptr) != 1)
        throw std::runtime_error("SHA-1 is not available in this OpenSSL");
    return base64_encode({reinterpret_cast<const char*>(digest.data()), size});
}

std::string make_key() {
    return base64_encode(random_bytes(kKeyBytes));
}

Upgrade check_upgrade(const http::RequestHead& head) {
    if (!head.upgrades_to_websocket)
        return {
            426, "this address speaks WebSocket: GET with Connection: Upgrade and Upgrade: websocket", {}};
    if (trim(head.fields.get("Sec-WebSocket-Version")) != "13")
        return {426, "only version 13 of the WebSocket protocol is spoken here", {}};
    auto key = trim(head.fields.get("Sec-WebSocket-Key"));
    if (!is_key(key)) return {400, "Sec-WebSocket-Key has to be 16 bytes in base64", {}};
    return {101, {}, accept_key(key)};
}

std::string upgrade_response(std::string_view accept, std::string_view request_id,
                             std::string_view extensions) {
    std::string out;
    out.reserve(320);
    out += "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    auto add = [&out](std::string_view name, std::string_view value) {
        if (!value.empty()) out.append(name).append(value).append("\r\n");
    };
    add("Sec-WebSocket-Accept: ", accept);
    add("X-Request-Id: ", request_id);
    add("Sec-WebSocket-Extensions: ", extensions);
    return out += "\r\n";
}

std::string upgrade_request(std::string_view authority, std::string_view target, std::string_view key,
                            const http::Fields& fields, std::string_view subprotocol) {
    auto out = fmt::format(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n",
        target, authority, key);
    if (!subprotocol.empty()) out += fmt::format("Sec-WebSocket-Protocol: {}\r\n", subprotocol);
    for (const auto& [name, value] : fields.all()) out += fmt::format("{}: {}\r\n", name, value);
    return out += "\r\n";
}

std::string refuse_response(const http::ResponseHead& head, std::string_view key,
                            std::string_view subprotocol) {
    if (head.status != 101)
        return fmt::format("the server answered {} {} where 101 was expected", head.status, head.reason);
    if (!iequals(trim(head.fields.get("Upgrade")), "websocket"))
        return "the server's 101 does not name websocket in Upgrade";
    if (!head.fields.lists("Connection", "upgrade"))
        return "the server's 101 does not name upgrade in Connection";
    if (trim(head.fields.get("Sec-WebSocket-Accept")) != accept_key(key))
        return "the server's Sec-WebSocket-Accept does not belong to our key: something between is answering "
               "for it";
    if (head.fields.find("Sec-WebSocket-Extensions")) return "the server uses an extension nobody asked for";
    auto chosen = head.fields.find("Sec-WebSocket-Protocol");
    if (subprotocol.empty() && chosen) return "the server chose a subprotocol nobody asked for";
    if (!subprotocol.empty() && (!chosen || trim(*chosen) != subprotocol))
        return fmt::format("the server does not speak the subprotocol {}", subprotocol);
    return {};
}

}  // namespace seance::websocket
