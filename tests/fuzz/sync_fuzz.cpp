#include <cstdint>
#include <cstdlib>
#include <string>

#include "services/signaling/sync/awareness.hpp"
#include "services/signaling/sync/document.hpp"
#include "services/signaling/sync/frame.hpp"

namespace {

using namespace seance::signaling::sync;
using Part = UpdateReader::Part;

void require(bool holds) {
    if (!holds) std::abort();
}

Document merged(std::string_view first, std::string_view second = kEmptyUpdate) {
    Document document;
    document.add(first);
    document.add(second);
    return document;
}

// What is an update stays one however it is cut and merged, and says the same.
void try_update(std::string_view update) {
    auto document = merged(update);
    auto whole = document.diff({});
    require(is_update(whole));
    require(!document.add(update));
    auto again = merged(whole);
    require(again.diff({}) == whole && again.state() == document.state());

    // Nothing of the state goes with the content of what was deleted.
    document.forget_deleted();
    require(document.state() == again.state() && is_update(document.diff({})) && !document.add(update));
    auto forgotten = document.diff({});
    document.forget_deleted();
    require(document.diff({}) == forgotten);

    // Both halves of a history make the whole.
    auto state = document.state();
    for (auto& [client, clock] : state) {
        auto half = state;
        half[client] = clock / 2;
        auto rest = document.diff(half);
        require(is_update(rest));
        Document from_half = merged(rest);
        require(!document.add(rest) || clock == 0);
        from_half.add(update);
        require(from_half.state() == document.state());
        if (client % 3 == 0) break;  // of many clients not every one
    }
}

}  // namespace

// A message of the y-websocket protocol, or two updates one after the other.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    if (is_update(text)) try_update(text);
    if (auto state = parse_state_vector(text))
        require(parse_state_vector(print_state_vector(*state)) == *state);
    if (auto shown = parse_awareness(text)) {
        auto printed = print_awareness(*shown);
        require(printed == text);
        Awareness states;
        states.show(1, *shown, {});
        if (auto all = states.all(); !all.empty()) require(parse_awareness(all).has_value());
        states.leave(1);
        require(states.all().empty());
    }
    auto frame = parse_frame(text);
    if (!frame || frame->type == Frame::Type::Other) return 0;
    require(print_frame(frame->type, frame->body) == text);
    if (is_update(frame->body)) try_update(frame->body);
    for (std::size_t cut = 0; cut <= frame->body.size() && cut < 300; ++cut) {
        auto first = frame->body.substr(0, cut), second = frame->body.substr(cut);
        if (!is_update(first) || !is_update(second)) continue;
        require(merged(first, second).state() == merged(second, first).state());
    }
    return 0;
}
