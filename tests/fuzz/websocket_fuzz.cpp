#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/base/text.hpp"
#include "net/websocket/deflate.hpp"
#include "net/websocket/shared_frame.hpp"

namespace {

using namespace seance;
using namespace seance::websocket;
using Kind = Decoder::Step::Kind;

constexpr std::size_t kLimit = 4096;

void require(bool holds) {
    if (!holds) std::abort();
}

struct Event {
    Kind kind;
    Opcode opcode;
    std::string payload;
    std::uint16_t code;
    bool operator==(const Event&) const = default;
};

// In pieces of `piece` bytes, each in memory of its own.
std::vector<Event> decode(std::string_view text, std::size_t piece, Role role, bool deflate = false) {
    Decoder decoder(role, kLimit);
    if (deflate) decoder.allow_deflate();
    std::vector<Event> events;
    for (std::size_t at = 0; at < text.size(); at += piece) {
        std::string bytes(text.substr(at, piece));
        std::span<char> rest(bytes);
        while (true) {
            auto step = decoder.take(rest);
            require(step.consumed <= rest.size());
            rest = rest.subspan(step.consumed);
            if (step.kind == Kind::NeedMore) break;
            events.push_back({step.kind, step.opcode, std::string(step.payload), step.code});
        }
    }
    return events;
}

// What a decoder has let through keeps the rules, and comes back the same from the encoder.
void check(const std::vector<Event>& events) {
    for (std::size_t i = 0; i < events.size(); ++i) {
        const auto& event = events[i];
        bool last = event.kind == Kind::Close || event.kind == Kind::Failed;
        require(!last || i + 1 == events.size());
        require(event.kind != Kind::Failed || may_be_sent(event.code));
        if (event.kind == Kind::Close) require(event.code == close_code::kNone || may_be_sent(event.code));
        if (event.kind != Kind::Message) {
            require(event.payload.size() <= kMostControlPayload);
            continue;
        }
        require(event.payload.size() <= kLimit);
        require(event.opcode != Opcode::Text || is_utf8(event.payload));
        std::string again;
        append_masked_frame(again, event.opcode, event.payload, {9, 8, 7, 6});
        auto decoded = decode(again, again.size(), Role::Server);
        require(decoded.size() == 1 && decoded[0].payload == event.payload);
    }
}

}  // namespace

// What we compress comes back the same with every window, and whatever the bytes are as a compressed message,
// no more than the limit is built of them.
void check_deflate(std::string_view text) {
    auto frame = share_compressed_frame(Opcode::Binary, text.substr(0, kLimit),
                                        static_cast<std::uint8_t>(9 + text.size() % 7))
                     ->text();
    auto decoded = decode(frame, frame.size(), Role::Client, true);
    require(decoded.size() == 1 && decoded[0].payload == text.substr(0, kLimit));
    std::string out;
    auto outcome = inflater().expand(text, kLimit, out);
    require(out.size() <= kLimit && (outcome != Inflater::Outcome::Done || out.size() <= text.size() * 1100));
}

// An offer is answered by one extension at most, and by what the offer allows.
void check_offers(std::string_view text) {
    http::FieldViews fields;
    fields.add({"Sec-WebSocket-Extensions", text});
    auto answer = answer_deflate_offers(fields);
    require((answer.server_bits == 0) == answer.field.empty());
    require(answer.server_bits == 0 || (answer.server_bits >= 9 && answer.server_bits <= 15));
    require(answer.field.empty() || lower(text).find("permessage-deflate") != std::string::npos);
}

// However the bytes are cut, the outcome is the same, in both roles, with compression and without.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    for (auto role : {Role::Server, Role::Client}) {
        auto whole = decode(text, size + 1, role);
        check(whole);
        require(decode(text, 1, role) == whole);
        require(decode(text, 7, role) == whole);
        auto expanded = decode(text, size + 1, role, true);
        check(expanded);
        require(decode(text, 1, role, true) == expanded);
    }
    check_deflate(text);
    check_offers(text);
    return 0;
}
