#include "net/websocket/codec.hpp"

#include <algorithm>
#include <cstring>

#include "net/websocket/deflate.hpp"

namespace seance::websocket {
namespace {

bool is_control(Opcode opcode) {
    return static_cast<std::uint8_t>(opcode) >= 8;
}

// XORs with the key, starting at byte `phase` of it; gives the phase after it.
std::uint8_t apply_mask(std::span<char> bytes, const MaskKey& mask, std::uint8_t phase) {
    std::array<unsigned char, 8> turned;
    for (std::size_t i = 0; i < 8; ++i) turned[i] = mask[(phase + i) % 4];
    std::uint64_t key, eight;
    std::memcpy(&key, turned.data(), 8);
    char* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; left -= 8, at += 8) {
        std::memcpy(&eight, at, 8);
        eight ^= key;
        std::memcpy(at, &eight, 8);
    }
    for (std::size_t i = 0; i < left; ++i)
        at[i] = static_cast<char>(static_cast<unsigned char>(at[i]) ^ turned[i]);
    return static_cast<std::uint8_t>((phase + bytes.size()) % 4);
}

}  // namespace

bool may_be_sent(std::uint16_t code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

Decoder::Pieces& Decoder::pieces() {
    if (!pieces_) pieces_ = std::make_unique<Pieces>();
    return *pieces_;
}

Decoder::Step Decoder::fail(std::uint16_t code, const char* reason) {
    ended_ = true;
    Step step;
    step.kind = Step::Failed;
    step.code = code;
    step.reason = reason;
    return step;
}

Decoder::Step Decoder::take(std::span<char> input) {
    if (release_) {  // the view given by the last step ends here, and an idle connection holds nothing
        release_ = false;
        if (kind_ == Opcode::Continuation)
            pieces_.reset();
        else if (pieces_)
            pieces_->control.clear();
    }
    std::size_t consumed = 0;
    while (!ended_) {
        Step step = in_payload_ ? payload(input) : head(input);
        consumed += step.consumed;
        input = input.subspan(step.consumed);
        bool more_to_do =
            step.kind == Step::NeedMore && (in_payload_ ? left_ == 0 || !input.empty() : !input.empty());
        if (more_to_do) continue;
        step.consumed = consumed;
        return step;
    }
    Step nothing;
    nothing.consumed = consumed;
    return nothing;
}

// Sections 5.2, 5.4 and 5.5: everything that a head can do wrong is refused before its payload is read.
Decoder::Step Decoder::head(std::span<char> input) {
    Step step;
    auto gather = [&](std::size_t wanted) {
        auto n = std::min(wanted - std::min<std::size_t>(wanted, head_size_), input.size() - step.consumed);
        std::memcpy(head_.data() + head_size_, input.data() + step.consumed, n);
        head_size_ = static_cast<std::uint8_t>(head_size_ + n);
        step.consumed += n;
        return head_size_ >= wanted;
    };
    if (!gather(1)) return step;
    auto code = static_cast<std::uint8_t>(head_[0] & 0x0F);
    bool compressed = (head_[0] & 0x40) != 0;
    if ((head_[0] & 0x30) != 0 || (compressed && !deflate_))
        return fail(close_code::kProtocolError, "reserved bits are set, no extension was agreed on");
    if ((code > 2 && code < 8) || code > 10) return fail(close_code::kProtocolError, "unknown opcode");
    frame_ = static_cast<Opcode>(code);
    fin_ = (head_[0] & 0x80) != 0;
    if (is_control(frame_)) {
        if (!fin_) return fail(close_code::kProtocolError, "control frame in fragments");
    } else if (frame_ == Opcode::Continuation) {
        if (kind_ == Opcode::Continuation) return fail(close_code::kProtocolError, "continuation of nothing");
    } else if (kind_ != Opcode::Continuation) {
        return fail(close_code::kProtocolError, "new message inside another");
    }
    // RFC 7692 section 6.1: on the first frame of a message, and nowhere else.
    if (compressed && frame_ != Opcode::Text && frame_ != Opcode::Binary)
        return fail(close_code::kProtocolError, "compression bit on a frame that begins no message");
    if (!gather(2)) return step;
    bool masked = (head_[1] & 0x80) != 0;
    if (masked != (role_ == Role::Server))
        return fail(close_code::kProtocolError,
                    masked ? "masked frame from a server" : "unmasked frame from a client");
    std::uint64_t size = head_[1] & 0x7F;
    if (is_control(frame_) && size > kMostControlPayload)
        return fail(close_code::kProtocolError, "control frame too long");
    std::size_t width = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (!gather(2 + width)) return step;
    if (width > 0) {
        size = 0;
        for (std::size_t i = 0; i < width; ++i) size = size << 8 | head_[2 + i];
        if (size >> 63) return fail(close_code::kProtocolError, "length with its highest bit set");
        if (size < (width == 2 ? 126U : 65536U))
            return fail(close_code::kProtocolError, "length not in its shortest form");
    }
    if (!is_control(frame_) && size > most_message_ - std::min(most_message_, gathered()))
        return fail(close_code::kTooBig, "message too big");
    std::size_t whole = 2 + width + (masked ? 4 : 0);
    if (!gather(whole)) return step;
    if (masked) std::memcpy(mask_.data(), head_.data() + 2 + width, 4);
    left_ = size;
    phase_ = 0;
    head_size_ = 0;
    in_payload_ = true;
    if (frame_ == Opcode::Text || frame_ == Opcode::Binary) {
        kind_ = frame_;
        compressed_ = compressed;
        utf8_.reset();
    }
    return step;
}

Decoder::Step Decoder::payload(std::span<char> input) {
    auto piece = input.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size())));
    if (role_ == Role::Server) phase_ = apply_mask(piece, mask_, phase_);
    left_ -= piece.size();
    if (left_ == 0) in_payload_ = false;
    Step step;
    step.consumed = piece.size();
    return is_control(frame_) ? control_frame(piece, step) : data_frame(piece, step);
}

Decoder::Step Decoder::data_frame(std::span<char> piece, Step step) {
    std::string_view text(piece.data(), piece.size());
    if (compressed_) return compressed_frame(text, step);
    bool ends = left_ == 0 && fin_;
    if (kind_ == Opcode::Text && (!utf8_.feed(text) || (ends && !utf8_.complete())))
        return fail(close_code::kBadData, "text is not UTF-8");
    bool whole = ends && gathered() == 0;
    if (!whole && !text.empty()) pieces().message.append(text);
    if (!ends) return step;
    step.kind = Step::Message;
    step.opcode = kind_;
    step.payload = whole ? text : std::string_view(pieces().message);
    kind_ = Opcode::Continuation;
    release_ = true;
    return step;
}

// Expanded once it is whole: only then is its size known to be one that zlib's work is worth.
Decoder::Step Decoder::compressed_frame(std::string_view piece, Step step) {
    bool ends = left_ == 0 && fin_;
    bool whole = ends && gathered() == 0;
    if (!whole && !piece.empty()) pieces().message.append(piece);
    if (!ends) return step;
    auto& expanded = pieces().expanded;
    auto outcome =
        inflater().expand(whole ? piece : std::string_view(pieces().message), most_message_, expanded);
    if (outcome == Inflater::Outcome::TooBig) return fail(close_code::kTooBig, "message too big");
    if (outcome == Inflater::Outcome::Broken)
        return fail(close_code::kBadData, "compressed message is damaged");
    if (kind_ == Opcode::Text && (!utf8_.feed(expanded) || !utf8_.complete()))
        return fail(close_code::kBadData, "text is not UTF-8");
    step.kind = Step::Message;
    step.opcode = kind_;
    step.payload = expanded;
    kind_ = Opcode::Continuation;
    release_ = true;
    return step;
}

Decoder::Step Decoder::control_frame(std::span<char> piece, Step step) {
    std::string_view payload(piece.data(), piece.size());
    if (left_ > 0 || (pieces_ && !pieces_->control.empty())) {
        auto& control = pieces().control;
        control.append(payload);
        payload = control;
    }
    if (left_ > 0) return step;
    release_ = true;
    if (frame_ != Opcode::Close) {
        step.kind = frame_ == Opcode::Ping ? Step::Ping : Step::Pong;
        step.payload = payload;
        return step;
    }
    step.kind = Step::Close;
    step.code = close_code::kNone;
    if (payload.size() == 1) return fail(close_code::kProtocolError, "close code of one byte");
    if (payload.size() >= 2) {
        step.code = static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8 |
                                               static_cast<unsigned char>(payload[1]));
        if (!may_be_sent(step.code))
            return fail(close_code::kProtocolError, "close code that may not be sent");
        step.payload = payload.substr(2);
        Utf8Check check;
        if (!check.feed(step.payload) || !check.complete())
            return fail(close_code::kBadData, "close reason is not UTF-8");
    }
    ended_ = true;
    return step;
}

void append_head(std::string& out, Opcode opcode, std::uint64_t size, bool fin, const MaskKey* mask,
                 bool compressed) {
    unsigned masked = mask ? 0x80 : 0;
    auto put = [&](std::uint64_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    put((fin ? 0x80U : 0U) | (compressed ? 0x40U : 0U) | static_cast<std::uint8_t>(opcode));
    if (size < 126) {
        put(masked | size);
    } else {
        int width = size < 65536 ? 2 : 8;
        put(masked | (width == 2 ? 126U : 127U));
        for (int i = width - 1; i >= 0; --i) put(size >> (8 * i) & 0xFF);
    }
    if (mask) out.append(reinterpret_cast<const char*>(mask->data()), mask->size());
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload, bool fin) {
    out.reserve(out.size() + payload.size() + 10);
    append_head(out, opcode, payload.size(), fin);
    out += payload;
}

void append_masked_frame(std::string& out, Opcode opcode, std::string_view payload, const MaskKey& mask,
                         bool fin) {
    out.reserve(out.size() + payload.size() + 14);
    append_head(out, opcode, payload.size(), fin, &mask);
    auto at = out.size();
    out += payload;
    apply_mask(std::span(out).subspan(at), mask, 0);
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
    std::string out{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    auto size = std::min(reason.size(), kMostControlPayload - 2);
    while (size < reason.size() && size > 0 && (static_cast<unsigned char>(reason[size]) & 0xC0) == 0x80)
        --size;
    out += reason.substr(0, size);
    return out;
}

}  // namespace seance::websocket
