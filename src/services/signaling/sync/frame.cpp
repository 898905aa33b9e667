#include "services/signaling/sync/frame.hpp"

namespace seance::signaling::sync {
namespace {

enum Number : std::uint64_t { kSync = 0, kAwareness = 1, kAuth = 2, kQueryAwareness = 3 };

}  // namespace

std::optional<Frame> parse_frame(std::string_view payload) {
    using Type = Frame::Type;
    Lib0Reader in(payload);
    Frame frame;
    switch (in.number()) {
        case kSync:
            switch (in.number()) {
                case 0:
                    frame = {Type::Step1, in.bytes()};
                    break;
                case 1:
                    frame = {Type::Step2, in.bytes()};
                    break;
                case 2:
                    frame = {Type::Update, in.bytes()};
                    break;
                default:
                    return std::nullopt;
            }
            break;
        case kAwareness:
            frame = {Type::Awareness, in.bytes()};
            break;
        case kQueryAwareness:
            frame = {Type::QueryAwareness, {}};
            break;
        default:
            if (!in.ok()) return std::nullopt;
            return frame;
    }
    if (!in.finished()) return std::nullopt;
    return frame;
}

std::string print_frame(Frame::Type type, std::string_view body) {
    std::string out;
    switch (type) {
        case Frame::Type::Step1:
        case Frame::Type::Step2:
        case Frame::Type::Update:
            out += static_cast<char>(kSync);
            out += static_cast<char>(type == Frame::Type::Step1 ? 0 : type == Frame::Type::Step2 ? 1 : 2);
            break;
        case Frame::Type::Awareness:
            out += static_cast<char>(kAwareness);
            break;
        case Frame::Type::QueryAwareness:
        case Frame::Type::Other:
            out += static_cast<char>(kQueryAwareness);
            return out;
    }
    append_bytes(out, body);
    return out;
}

std::string print_denial(std::string_view reason) {
    std::string out;
    out += static_cast<char>(kAuth);
    out += '\0';
    append_bytes(out, reason);
    return out;
}

}  // namespace seance::signaling::sync
