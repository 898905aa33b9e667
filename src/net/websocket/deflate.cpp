#include "net/websocket/deflate.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/base/text.hpp"

namespace seance::websocket {
namespace {

constexpr std::uint8_t kMostBits = 15, kLeastBits = 9;  // zlib has no raw stream with a window of 8 bits
constexpr std::string_view kTail("\x00\x00\xff\xff", 4);
// Signaling messages are small: a fast level costs a third of the default one and loses a few percent.
constexpr int kLevel = 3;

struct Parameter {
    std::string_view name, value;
    bool has_value = false;
};

// At commas or semicolons outside of quotes.
std::vector<std::string_view> split_unquoted(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    bool quoted = false;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') quoted = !quoted;
        if (text[i] != separator || quoted) continue;
        parts.push_back(trim(text.substr(begin, i - begin)));
        begin = i + 1;
    }
    parts.push_back(trim(text.substr(begin)));
    return parts;
}

Parameter parse_parameter(std::string_view text) {
    Parameter parameter;
    auto equals = text.find('=');
    parameter.name = trim(text.substr(0, equals));
    if (equals == std::string_view::npos) return parameter;
    parameter.has_value = true;
    parameter.value = trim(text.substr(equals + 1));
    if (parameter.value.size() >= 2 && parameter.value.front() == '"' && parameter.value.back() == '"')
        parameter.value = parameter.value.substr(1, parameter.value.size() - 2);
    return parameter;
}

// Section 7.1.2: 8 to 15 in decimal without a leading zero.
std::optional<std::uint8_t> window_bits(const Parameter& parameter) {
    auto number = parse_number(parameter.value);
    if (!parameter.has_value || !number || parameter.value.front() == '0' || *number < 8 ||
        *number > kMostBits)
        return std::nullopt;
    return static_cast<std::uint8_t>(*number);
}

// One offer of the client, or nothing if it asks for what we do not know or cannot keep.
std::optional<DeflateAnswer> answer_offer(const std::vector<std::string_view>& parts) {
    bool seen[4] = {};
    auto again = [&](int which) { return std::exchange(seen[which], true); };
    DeflateAnswer answer;
    answer.server_bits = kMostBits;
    bool named_server_bits = false;
    for (std::size_t i = 1; i < parts.size(); ++i) {
        auto parameter = parse_parameter(parts[i]);
        if (iequals(parameter.name, "server_no_context_takeover")) {
            if (again(0) || parameter.has_value) return std::nullopt;
        } else if (iequals(parameter.name, "client_no_context_takeover")) {
            if (again(1) || parameter.has_value) return std::nullopt;
        } else if (iequals(parameter.name, "server_max_window_bits")) {
            auto bits = window_bits(parameter);
            if (again(2) || !bits || *bits < kLeastBits) return std::nullopt;
            answer.server_bits = *bits;
            named_server_bits = true;
        } else if (iequals(parameter.name, "client_max_window_bits")) {
            // We expand any window, so there is nothing to answer.
            if (again(3) || (parameter.has_value && !window_bits(parameter))) return std::nullopt;
        } else {
            return std::nullopt;
        }
    }
    answer.field = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    if (named_server_bits) answer.field += fmt::format("; server_max_window_bits={}", answer.server_bits);
    return answer;
}

}  // namespace

DeflateAnswer answer_deflate_offers(const http::FieldViews& fields) {
    for (const auto& field : fields.all()) {
        if (!iequals(field.name, "Sec-WebSocket-Extensions")) continue;
        for (auto offer : split_unquoted(field.value, ',')) {
            auto parts = split_unquoted(offer, ';');
            if (!iequals(parts[0], "permessage-deflate")) continue;
            if (auto answer = answer_offer(parts)) return *answer;
        }
    }
    return {};
}

struct Deflater::Stream {
    z_stream z{};
};

Deflater::Deflater(std::uint8_t bits) : stream_(std::make_unique<Stream>()) {
    if (deflateInit2(&stream_->z, kLevel, Z_DEFLATED, -static_cast<int>(bits), 8, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::runtime_error("zlib cannot begin to compress: out of memory");
}
Deflater::~Deflater() {
    if (stream_) deflateEnd(&stream_->z);
}
Deflater::Deflater(Deflater&&) noexcept = default;

std::string Deflater::compress(std::string_view message) {
    auto& z = stream_->z;
    deflateReset(&z);
    std::string out;
    // The bound is of a finished stream; a flushed one is a few bytes longer.
    out.resize(deflateBound(&z, message.size()) + 16);
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(message.data()));
    z.avail_in = static_cast<uInt>(message.size());
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    ::deflate(&z, Z_SYNC_FLUSH);
    out.erase(z.total_out);
    if (out.ends_with(kTail)) out.erase(out.size() - kTail.size());
    // Nothing at all is sent as one empty block (section 7.2.3.6).
    if (out.empty()) out.push_back('\0');
    return out;
}

struct Inflater::Stream {
    z_stream z{};
    std::array<char, 16 * 1024> piece;
};

Inflater::Inflater() : stream_(std::make_unique<Stream>()) {
    if (inflateInit2(&stream_->z, -MAX_WBITS) != Z_OK)
        throw std::runtime_error("zlib cannot begin to expand: out of memory");
}
Inflater::~Inflater() {
    inflateEnd(&stream_->z);
}

Inflater::Outcome Inflater::expand(std::string_view compressed, std::size_t most, std::string& out) {
    auto& z = stream_->z;
    inflateReset(&z);
    for (auto input : {compressed, kTail}) {
        z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
        z.avail_in = static_cast<uInt>(input.size());
        while (true) {
            z.next_out = reinterpret_cast<Bytef*>(stream_->piece.data());
            z.avail_out = static_cast<uInt>(stream_->piece.size());
            int state = ::inflate(&z, Z_SYNC_FLUSH);
            auto size = stream_->piece.size() - z.avail_out;
            if (size > most - std::min(most, out.size())) return Outcome::TooBig;
            out.append(stream_->piece.data(), size);
            if (state == Z_STREAM_END) {
                // A final block ends the stream; another may follow within the message (section 7.2.3.5).
                if (z.avail_in == 0) break;
                auto* next = z.next_in;
                auto left = z.avail_in;
                inflateReset(&z);
                z.next_in = next;
                z.avail_in = left;
                continue;
            }
            if (state != Z_OK && state != Z_BUF_ERROR) return Outcome::Broken;
            if (z.avail_out > 0) break;  // all of the input is in
        }
    }
    // At the border between two blocks (mode bit 128), or the message was cut off.
    return (z.data_type & 128) != 0 ? Outcome::Done : Outcome::Broken;
}

Inflater& inflater() {
    thread_local Inflater instance;
    return instance;
}

Deflater& deflater(std::uint8_t bits) {
    thread_local std::array<std::unique_ptr<Deflater>, kMostBits + 1> instances;
    auto& instance = instances.at(bits);
    if (!instance) instance = std::make_unique<Deflater>(bits);
    return *instance;
}

}  // namespace seance::websocket
