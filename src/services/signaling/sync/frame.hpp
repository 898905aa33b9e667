#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "services/signaling/sync/lib0.hpp"

namespace seance::signaling::sync {

// One message of the y-websocket protocol.
struct Frame {
    enum class Type {
        Step1,           // body: the sender's state vector
        Step2,           // body: the update that answers one
        Update,          // body: an update
        Awareness,       // body: see awareness.hpp
        QueryAwareness,  // without body
        Other,           // of a type that this server has nothing to do with
    };
    Type type = Type::Other;
    std::string_view body;  // a view into what it was parsed from
};

// Nothing if it is cut off, has more behind it, or is no lib0 encoding.
std::optional<Frame> parse_frame(std::string_view payload);
std::string print_frame(Frame::Type type, std::string_view body);  // not of Other

// To a peer that may not do what it tried: its provider fires permission-denied.
std::string print_denial(std::string_view reason);

}  // namespace seance::signaling::sync
