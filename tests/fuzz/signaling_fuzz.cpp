#include <boost/json.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/room_token.hpp"
#include "core/base/text.hpp"
#include "services/signaling/json_scanner.hpp"
#include "services/signaling/message.hpp"
#include "services/signaling/replay/capture.hpp"
#include "services/signaling/replicas/bundle.hpp"
#include "services/signaling/replicas/note.hpp"

namespace {

using namespace seance;

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

// No token is believed that was not signed here, and what a replica or a recording says is read or refused.
void check_other_parsers(std::string_view text) {
    static const SecretText key("a key that the fuzzer does not know");
    require(!verify_room_token(text, key, 0));
    if (auto note = signaling::parse_note(text))
        require(print_note(*note).substr(0, 17) ==
                lower(text.substr(0, 17)).replace(0, 1, text.substr(0, 1)));
    (void)signaling::parse_capture_line(text);

    // The entries of a bundle are within it, one behind the other; written anew they are read as the same.
    std::string again;
    std::vector<std::string_view> texts;
    for (auto left = text; auto entry = signaling::next_entry(left);) {
        require(entry->text.data() + entry->text.size() + left.size() == text.data() + text.size());
        append_entry(again, *entry);
        texts.push_back(entry->text);
    }
    std::string_view left = again;
    for (auto expected : texts) require(signaling::next_entry(left)->text == expected);
    require(!signaling::next_entry(left));
}

// Our reader accepts what a complete parser accepts, finds the same topic, and what it relays is the same
// object with `clients` set.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string text(reinterpret_cast<const char*>(data), size);
    check_other_parsers(text);
    if (!is_utf8(text)) return 0;  // the connection lets no other text through
    // Half surrogate pairs, which the complete parser refuses, are kept as JavaScript keeps them.
    bool surrogates = lower(text).find("\\ud") != std::string::npos;

    boost::json::parse_options options;
    options.max_depth = signaling::JsonScanner::kMostDepth - 1;  // as long as one more is the object itself
    boost::system::error_code error;
    auto value = boost::json::parse(text, error, {}, options);
    static signaling::MessageParser parser;
    auto ours = parser.parse(text);
    if (surrogates) return 0;
    if (!ours && ours.error() == signaling::Errc::TooDeep) return 0;
    bool json = ours || ours.error() != signaling::Errc::NotJson;
    require(json == !error || error == boost::json::error::too_deep);
    if (!ours || error) return 0;

    require(value.is_object());
    const auto& message = **ours;
    if (message.type != signaling::Message::Type::Publish) return 0;
    auto& object = value.as_object();
    const auto* topic = object.if_contains("topic");
    require(message.topic == (topic && topic->is_string() ? std::string_view(topic->as_string()) : ""));
    std::string frame;
    signaling::Relay(message, 42).append_frame(frame);
    websocket::Decoder decoder(websocket::Role::Client, frame.size());
    auto step = decoder.take(frame);
    require(step.kind == websocket::Decoder::Step::Message && step.consumed == frame.size());
    object["clients"] = 42;
    require(boost::json::parse(std::string(step.payload), {}, options) == value);
    return 0;
}
