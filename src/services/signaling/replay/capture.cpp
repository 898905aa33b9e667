#include "services/signaling/replay/capture.hpp"

#include <boost/json.hpp>

namespace seance::signaling {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kMostBytes = 64 << 20;

std::uint64_t number(const json::object& line, std::string_view name, bool& good) {
    const auto* value = line.if_contains(name);
    error_code error;
    auto result = value && value->is_number() ? value->to_number<std::uint64_t>(error) : 0;
    good = good && value && value->is_number() && !error;
    return result;
}

std::string_view text(const json::object& line, std::string_view name) {
    const auto* value = line.if_contains(name);
    return value && value->is_string() ? std::string_view(value->as_string()) : std::string_view();
}

// A message of the same kind, size and rooms as the one whose content was not kept.
std::string stand_in(const json::object& line, std::uint64_t bytes) {
    auto type = text(line, "type");
    if (type == "bad") return "bad";
    json::object message{{"type", type}};
    const auto* rooms = line.if_contains("rooms");
    if (rooms && rooms->is_array()) {
        if (type == "publish" && !rooms->as_array().empty())
            message["topic"] = rooms->as_array()[0];
        else
            message["topics"] = *rooms;
    }
    if (type == "publish") {
        message["data"] = "";
        auto size = json::serialize(message).size();
        if (bytes > size) message["data"] = std::string(bytes - size, 'x');
    }
    return json::serialize(message);
}

}  // namespace

Outcome<CapturedEvent> parse_capture_line(std::string_view line) {
    error_code error;
    auto value = json::parse(line, error);
    if (error || !value.is_object()) return Problem{"is no JSON object"};
    const auto& object = value.as_object();
    CapturedEvent event;
    bool good = true;
    event.ms = number(object, "t", good);
    event.connection = number(object, "c", good);
    if (!good) return Problem{"needs t (milliseconds) and c (a connection's number)"};
    auto kind = text(object, "e");
    if (kind == "open") return event;
    if (kind == "close") {
        event.kind = CapturedEvent::Close;
        return event;
    }
    if (kind != "text") return Problem{"has an e that is not open, text or close"};
    event.kind = CapturedEvent::Text;
    if (const auto* content = object.if_contains("text"); content && content->is_string()) {
        event.text = content->as_string();
        return event;
    }
    auto bytes = number(object, "bytes", good);
    if (!good || bytes > kMostBytes) return Problem{"has neither text nor a size in bytes up to 64 MiB"};
    event.text = stand_in(object, bytes);
    return event;
}

}  // namespace seance::signaling
