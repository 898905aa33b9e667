#include "services/litellm/domain/wires/native_relay.hpp"

#include <fmt/format.h>

#include "services/litellm/domain/json_edit.hpp"
#include "services/litellm/domain/wires/openai_wire.hpp"
#include "services/litellm/domain/wires/queued_decoder.hpp"

namespace seance::litellm {

StreamRelay::Step NativeRelay::feed(std::string_view bytes) {
    events_.feed(bytes);
    Step step;
    while (!step.over()) {
        auto event = events_.next();
        if (!event) break;
        take(*event, step);
    }
    if (!step.over() && events_.overflowed()) step.error = event_too_large();
    return step;
}

StreamRelay::Step NativeRelay::end() {
    Step step;
    if (auto event = events_.rest()) take(*event, step);
    if (!step.over() && is_complete()) step.done = true;
    if (!step.over()) step.error = broken("the upstream closed the stream before it was finished");
    return step;
}

void NativeRelay::take(const RawEvents::Event& event, Step& step) {
    if (!is_object(event.data)) {
        step.out += event.bytes;
        return;
    }
    auto root = parse_json(event.data);
    if (root && root->is(JsonKind::Object))
        take(event, *root, step);
    else
        step.error = broken("the upstream sent an event that is no JSON object");
}

std::string NativeRelay::with_name(const RawEvents::Event& event, const JsonValue& root,
                                   const JsonValue& part) const {
    auto model = json_find(part, "model");
    return model ? with_part(event, root, *model, json_quote(context_.model)) : event.bytes;
}

std::string NativeRelay::with_part(const RawEvents::Event& event, const JsonValue& root,
                                   const JsonValue& part, std::string_view text) {
    auto renamed = replace_part(root.text, part.text, text);
    auto at = event.bytes.find(root.text);
    // Data over several lines is written as one.
    if (at == std::string::npos)
        return fmt::format("event: {}\ndata: {}\n\n", json_text(json_find(root, "type")).value_or(""),
                           renamed);
    auto bytes = event.bytes;
    return bytes.replace(at, root.text.size(), renamed);
}

ApiError NativeRelay::broken(std::string_view why) const {
    return broken_stream(*context_.provider, why);
}

}  // namespace seance::litellm
