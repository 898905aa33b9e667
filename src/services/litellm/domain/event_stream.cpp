#include "services/litellm/domain/event_stream.hpp"

#include <boost/crc.hpp>

namespace seance::litellm {
namespace {

constexpr std::size_t kPrelude = 12;   // total length, headers' length, CRC of both
constexpr std::size_t kSmallest = 16;  // prelude and the message's CRC

std::uint32_t read_number(std::string_view bytes, std::size_t at, std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

void write_number(std::string& out, std::size_t value, int size) {
    for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

std::uint32_t crc(std::string_view bytes) {
    boost::crc_32_type sum;
    sum.process_bytes(bytes.data(), bytes.size());
    return sum.checksum();
}

// The size of a value by its type, without a length of its own; nothing if the type is unknown.
std::optional<std::size_t> fixed_size(int type) {
    constexpr std::size_t sizes[] = {0, 0, 1, 2, 4, 8};  // true, false, byte, short, int, long
    if (type >= 0 && type <= 5) return sizes[type];
    if (type == 8) return 8;   // timestamp
    if (type == 9) return 16;  // uuid
    return std::nullopt;
}

bool read_headers(std::string_view bytes, EventStream::Message& message) {
    while (!bytes.empty()) {
        std::size_t name_size = static_cast<unsigned char>(bytes[0]);
        if (bytes.size() < 2 + name_size) return false;
        auto name = bytes.substr(1, name_size);
        int type = static_cast<unsigned char>(bytes[1 + name_size]);
        bytes.remove_prefix(2 + name_size);
        std::size_t size = 0;
        if (auto fixed = fixed_size(type)) {
            size = *fixed;
        } else if (type == 6 || type == 7) {
            if (bytes.size() < 2) return false;
            size = read_number(bytes, 0, 2);
            bytes.remove_prefix(2);
        } else {
            return false;
        }
        if (bytes.size() < size) return false;
        if (type == 7) message.headers[std::string(name)] = bytes.substr(0, size);
        bytes.remove_prefix(size);
    }
    return true;
}

}  // namespace

std::string_view EventStream::Message::header(std::string_view name) const {
    auto found = headers.find(name);
    return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

void EventStream::feed(std::string_view bytes) {
    if (!broken_) bytes_ += bytes;
}

std::optional<EventStream::Message> EventStream::next() {
    if (broken_ || bytes_.size() < kPrelude) return std::nullopt;
    std::size_t total = read_number(bytes_, 0, 4), headers = read_number(bytes_, 4, 4);
    broken_ = read_number(bytes_, 8, 4) != crc(std::string_view(bytes_).substr(0, 8)) || total < kSmallest ||
              total > most_ || headers > total - kSmallest;
    if (broken_ || bytes_.size() < total) return std::nullopt;
    auto whole = std::string_view(bytes_).substr(0, total);
    Message message;
    broken_ = read_number(whole, total - 4, 4) != crc(whole.substr(0, total - 4)) ||
              !read_headers(whole.substr(kPrelude, headers), message);
    if (broken_) return std::nullopt;
    message.payload = whole.substr(kPrelude + headers, total - kSmallest - headers);
    bytes_.erase(0, total);
    return message;
}

std::string frame_event(const std::map<std::string, std::string>& headers, std::string_view payload) {
    std::string list;
    for (auto& [name, value] : headers) {
        write_number(list, name.size(), 1);
        list += name;
        write_number(list, 7, 1);
        write_number(list, value.size(), 2);
        list += value;
    }
    std::string out;
    write_number(out, kSmallest + list.size() + payload.size(), 4);
    write_number(out, list.size(), 4);
    write_number(out, crc(out), 4);
    out += list;
    out += payload;
    write_number(out, crc(out), 4);
    return out;
}

}  // namespace seance::litellm
